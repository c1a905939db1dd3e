/** Several runs side by side: their curves over each other, what differs between them, their latest samples. */

import { differences } from "../../lib/differences.js"
import { Curves, colourOf } from "./curves.js"
import { element, iconButton } from "./dom.js"
import { Pictures } from "./pictures.js"
import { poll } from "./poll.js"
import { isOver } from "./state.js"
import { number, text } from "./texts.js"

const LIVE_MS = 2_000
const OVER_MS = 15_000

export class Comparison {
    constructor(place, runs, { ids, back, open }) {
        this.runs = runs
        this.ids = ids
        this.open = open
        this.pictures = new Pictures(runs)
        this.note = element("p", { class: "authorgan-runs-note", role: "status" })
        this.table = element("div", { class: "authorgan-runs-table" })
        this.samples = element("div", { class: "authorgan-runs-gallery" })
        this.curvesPlace = element("div")
        place.append(
            element(
                "div",
                { class: "authorgan-runs-head" },
                iconButton("chevron-left", text("run.back"), back, {
                    class: "red-ui-button red-ui-button-small authorgan-runs-back"
                }),
                element("h3", { class: "authorgan-runs-title" }, text("compare.title", { count: ids.length }))
            ),
            this.note,
            this.curvesPlace,
            this.table,
            this.samples
        )
        this.polling = poll(() => this.look(), LIVE_MS)
    }

    async look() {
        const found = await Promise.allSettled(this.ids.map((id) => this.runs.show(id)))
        const jobs = found.filter(({ status }) => status === "fulfilled").map(({ value }) => value)
        const lost = found.length - jobs.length
        this.note.textContent = lost > 0 ? text("compare.lost", { count: lost }) : ""
        if (jobs.length === 0) return OVER_MS
        if (!this.curves) {
            this.curves = new Curves(
                this.runs,
                jobs.map(({ id, name }) => ({ id, name: name || text("unnamed") }))
            )
            this.curves.onstale = () => this.polling.now()
            this.curvesPlace.append(this.curves.place)
        }
        try {
            await this.curves.look(jobs)
        } catch (failure) {
            this.note.textContent = failure.message
        }
        this.show(jobs)
        return jobs.every(({ state }) => isOver(state)) ? OVER_MS : LIVE_MS
    }

    show(jobs) {
        const rows = differences(jobs.map(({ spec }) => spec))
        const mark = (at) => element("i", { class: "authorgan-runs-mark", style: `background: ${colourOf(at)}` })
        const measured = [
            ["state", (job) => text(`state.${job.state}`)],
            ["step", (job) => number(job.progress.step)],
            ["generator", (job) => number(job.losses?.generator)],
            ["discriminator", (job) => number(job.losses?.discriminator)],
            ["rate", (job) => number(job.progress.images_per_second && Math.round(job.progress.images_per_second))]
        ]
        const head = element(
            "tr",
            {},
            element("th", {}, text("compare.run")),
            ...rows.map(({ pointer }) => element("th", { title: pointer }, pointer.split("/").slice(-2).join(" "))),
            ...measured.map(([key]) => element("th", {}, text(`compare.${key}`)))
        )
        const body = jobs.map((job, at) =>
            element(
                "tr",
                {},
                element(
                    "th",
                    {},
                    mark(at),
                    element("a", { href: "#", onclick: (event) => this.go(event, job.id) }, job.name || text("unnamed"))
                ),
                ...rows.map(({ values }) => element("td", {}, number(values[at]))),
                ...measured.map(([, value]) => element("td", {}, value(job)))
            )
        )
        this.table.replaceChildren(element("table", {}, element("thead", {}, head), element("tbody", {}, ...body)))
        if (rows.length === 0) this.table.append(element("p", { class: "authorgan-runs-hint" }, text("compare.same")))
        for (const [at, job] of jobs.entries()) {
            if (!this.samples.children[at]) {
                this.samples.append(
                    element("figure", {}, element("div", { class: "authorgan-runs-sample" }), element("figcaption", {}))
                )
            }
            const { firstChild: place, lastChild: caption } = this.samples.children[at]
            const step = job.latest_sample && text("atStep", { step: number(job.latest_sample.step) })
            caption.replaceChildren(mark(at), [job.name || text("unnamed"), step].filter(Boolean).join(" · "))
            if (place.authorganPicture !== job.latest_sample?.url) {
                this.pictures.show(place, job.latest_sample?.url, job.name)
            }
        }
    }

    go(event, id) {
        event.preventDefault()
        this.open(id)
    }

    close() {
        this.polling.stop()
        this.curves?.close()
        this.pictures.forget()
    }
}
