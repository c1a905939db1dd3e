/** The samples of several runs side by side: the newest of each, or all at the same step of a slider. */
import { colourOf } from "./curves.js"
import { colourMark, element } from "./dom.js"
import { allSamples } from "./samples.js"
import { number, text } from "./texts.js"

export class Gallery {
    constructor(runs, pictures) {
        this.runs = runs
        this.pictures = pictures
        /** run id and the step of its newest samples -> Promise of them all, oldest first */
        this.known = new Map()
        this.label = element("span", { class: "authorgan-runs-step" })
        this.slider = element("input", {
            type: "range",
            min: 0,
            step: 1,
            "aria-label": text("samples.slider"),
            oninput: () => this.draw()
        })
        this.figures = element("div", { class: "authorgan-runs-gallery" })
        this.place = element(
            "div",
            { class: "authorgan-runs-samples" },
            element("div", { class: "authorgan-runs-caption" }, text("samples.title"), this.label),
            element("div", { class: "authorgan-runs-slide" }, this.slider),
            this.figures
        )
    }

    /** @param {object[]} jobs  as they are compared; the slider stays at the newest until one moves it */
    show(jobs) {
        const { slider } = this
        const following = Number(slider.value) >= Number(slider.max)
        this.jobs = jobs
        const last = Math.max(...jobs.map(({ latest_sample }) => latest_sample?.step ?? 0))
        slider.max = last
        if (following || !this.drawn) slider.value = last
        this.drawn = true
        this.draw()
    }

    async draw() {
        const { jobs } = this
        const step = Number(this.slider.value)
        const newest = step >= Number(this.slider.max)
        this.label.textContent = newest ? text("samples.newest") : text("samples.until", { step: number(step) })
        this.slider.setAttribute("aria-valuetext", this.label.textContent)
        // In the order of the runs, whichever samples are there first.
        for (const [at, job] of this.jobs.entries()) this.figure(job, at)
        for (const gone of [...this.figures.children].slice(this.jobs.length)) gone.remove()
        await Promise.all(
            jobs.map(async (job, at) => {
                let missing = text("samples.none")
                const sample = newest
                    ? job.latest_sample
                    : await this.until(job, step).catch(({ message }) => {
                          missing = message
                          return null
                      })
                // Unless something newer is looked at by now.
                if (jobs === this.jobs && Number(this.slider.value) === step) this.put(job, at, sample, missing)
            })
        )
    }

    figure(job, at) {
        if (!this.figures.children[at]) {
            const picture = element("div", { class: "authorgan-runs-sample" })
            this.figures.append(element("figure", {}, picture, element("figcaption")))
        }
        this.figures.children[at].dataset.job = job.id
        return this.figures.children[at]
    }

    /** @param {string} missing  what is said where there is no sample */
    put(job, at, sample, missing) {
        const { firstChild: place, lastChild: caption } = this.figure(job, at)
        const step = sample && text("atStep", { step: number(sample.step) })
        const words = [job.label || text("unnamed"), step].filter(Boolean).join(" · ")
        caption.replaceChildren(colourMark(colourOf(at)), words)
        if (!sample) {
            place.authorganPicture = null
            place.textContent = missing
        } else if (place.authorganPicture !== sample.url) {
            this.pictures.show(place, sample.url, words)
        }
    }

    /** The newest samples of a run up to a step; those before its first are its first. Rejects where none can be had. */
    async until({ id, latest_sample }, step) {
        if (!latest_sample) return null
        const key = `${id} ${latest_sample.step}`
        if (!this.known.has(key)) {
            const asked = allSamples(this.runs, id)
            this.known.set(key, asked)
            // What could not be had is asked for again, the next time; whoever waits for it is told.
            asked.catch(() => this.known.delete(key))
        }
        const samples = await this.known.get(key)
        return samples.findLast((sample) => sample.step <= step) || samples[0]
    }
}
