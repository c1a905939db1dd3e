/** Pictures of a service as elements. Their bytes are fetched with the editor's authorization and kept for a while. */
import { element } from "./dom.js"

/** Pictures kept; a slider moved back and forth should not fetch again. */
const KEPT = 60

export class Pictures {
    constructor(runs) {
        this.runs = runs
        /** address -> Promise of an object URL, the latest used last */
        this.urls = new Map()
    }

    url(address) {
        const known = this.urls.get(address)
        const url = known || this.runs.blob(address).then((blob) => URL.createObjectURL(blob))
        this.urls.delete(address)
        this.urls.set(address, url)
        if (!known) url.catch(() => this.urls.delete(address))
        for (const [old] of [...this.urls].slice(0, Math.max(0, this.urls.size - KEPT))) this.drop(old)
        return url
    }

    /** Puts the picture into `place`, once it is there and nothing newer was asked for meanwhile. */
    async show(place, address, description) {
        place.authorganPicture = address
        if (!address) return place.replaceChildren()
        let source
        try {
            source = await this.url(address)
        } catch (failure) {
            if (place.authorganPicture === address)
                place.replaceChildren(element("span", { class: "authorgan-runs-hint" }, failure.message))
            return undefined
        }
        if (place.authorganPicture !== address) return undefined
        const image = place.querySelector("img") || element("img")
        Object.assign(image, { src: source, alt: description, title: description })
        if (image.parentNode !== place) place.replaceChildren(image)
        return undefined
    }

    drop(address) {
        const url = this.urls.get(address)
        this.urls.delete(address)
        url?.then(URL.revokeObjectURL, () => undefined)
    }

    forget() {
        for (const address of [...this.urls.keys()]) this.drop(address)
    }
}
