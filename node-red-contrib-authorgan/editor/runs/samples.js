/** A slider through the samples that a run has drawn, real ones beside them: it stays at the newest until one moves it. */

import { element, iconButton } from "./dom.js"
import { downloadButton } from "./download.js"
import { number, text } from "./texts.js"

/** Pictures that the slider reaches back to. */
const MOST = 500
const PAGE = 100
const MOVIES = ["gif", "mp4"]

/** The samples of a run, oldest first; of very many, the newest. */
export async function allSamples(runs, id) {
    const found = []
    let cursor = null
    do {
        const query = new URLSearchParams({ limit: PAGE, ...(cursor && { cursor }) })
        const page = await runs.json("GET", `jobs/${id}/samples?${query}`)
        found.push(...page.samples)
        cursor = page.next
    } while (cursor && found.length < MOST)
    return found.reverse()
}

export class Samples {
    constructor(runs, pictures, id) {
        this.runs = runs
        this.pictures = pictures
        this.id = id
        /** Oldest first. */
        this.samples = []
        this.at = -1
        this.following = true
        this.picture = element("div", { class: "authorgan-runs-sample" })
        this.real = element("div", { class: "authorgan-runs-sample" })
        this.label = element("span", { class: "authorgan-runs-step" })
        this.slider = element("input", {
            type: "range",
            min: 0,
            step: 1,
            "aria-label": text("samples.slider"),
            oninput: ({ target }) => this.go(Number(target.value))
        })
        this.place = element(
            "div",
            { class: "authorgan-runs-samples", hidden: true },
            element("div", { class: "authorgan-runs-caption" }, text("samples.title"), this.label),
            element(
                "div",
                { class: "authorgan-runs-beside" },
                element("figure", {}, this.picture, element("figcaption", {}, text("samples.drawn"))),
                element("figure", {}, this.real, element("figcaption", {}, text("samples.real")))
            ),
            element(
                "div",
                { class: "authorgan-runs-slide" },
                iconButton("step-backward", text("samples.earlier"), () => this.go(this.at - 1)),
                this.slider,
                iconButton("step-forward", text("samples.later"), () => this.go(this.at + 1)),
                ...MOVIES.map((kind) =>
                    downloadButton(runs, kind.toUpperCase(), () => ({
                        address: `jobs/${id}/movie.${kind}`,
                        name: `${id}.${kind}`
                    }))
                )
            )
        )
    }

    async look({ latest_sample }) {
        if (!latest_sample || latest_sample.step === this.samples.at(-1)?.step) return
        if (!this.samples.length) this.pictures.show(this.real, `jobs/${this.id}/real.png`, text("samples.real"))
        this.samples = await allSamples(this.runs, this.id)
        this.place.hidden = this.samples.length === 0
        this.slider.max = this.samples.length - 1
        this.go(this.following ? this.samples.length - 1 : this.at)
    }

    go(to) {
        const last = this.samples.length - 1
        this.at = Math.min(last, Math.max(0, to))
        this.following = this.at === last
        this.slider.value = this.at
        const sample = this.samples[this.at]
        this.label.textContent = text("atStep", { step: number(sample.step) })
        this.slider.setAttribute("aria-valuetext", this.label.textContent)
        this.pictures.show(this.picture, sample.url, text("sampleAt", { step: number(sample.step) }))
    }
}
