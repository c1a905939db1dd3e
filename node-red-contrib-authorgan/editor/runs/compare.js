/** Several runs side by side: their curves over each other, what differs between them, their latest samples. */

import { Curves, colourOf } from "./curves.js"
import { colourMark, element, pageHead } from "./dom.js"
import { Gallery } from "./gallery.js"
import { Parallel } from "./parallel.js"
import { Pictures } from "./pictures.js"
import { poll } from "./poll.js"
import { isOver } from "./state.js"
import { number, shortened, text } from "./texts.js"

const LIVE_MS = 2_000
const OVER_MS = 15_000

export class Comparison {
    constructor(place, runs, { ids, back, open }) {
        this.runs = runs
        this.ids = ids
        this.open = open
        this.jobs = new Map()
        this.pictures = new Pictures(runs)
        this.note = element("p", { class: "authorgan-runs-note", role: "status" })
        this.table = element("div", { class: "authorgan-runs-table" })
        this.gallery = new Gallery(runs, this.pictures)
        this.filtered = element("div", {}, this.table, this.gallery.place)
        this.curvesPlace = element("div")
        this.parallel = new Parallel({ open, onfilter: (ids) => this.filter(ids) })
        place.append(
            pageHead(
                text("run.back"),
                back,
                element("h3", { class: "authorgan-runs-title" }, text("compare.title", { count: ids.length }))
            ),
            this.note,
            this.curvesPlace,
            this.parallel.place,
            this.filtered
        )
        this.polling = poll(() => this.look(), LIVE_MS)
    }

    async look() {
        let jobs
        try {
            const compared = await this.runs.json("GET", `compare?jobs=${this.ids}`)
            this.note.textContent =
                compared.missing.length > 0 ? text("compare.lost", { count: compared.missing.length }) : ""
            if (compared.jobs.length === 0) return OVER_MS
            this.showTable(compared)
            this.gallery.show(compared.jobs)
            this.parallel.show(compared)
            this.showOnly()
            jobs = await Promise.all(compared.jobs.map((job) => this.jobOf(job)))
            this.showCurves(compared.jobs)
            await this.curves.look(jobs)
        } catch (failure) {
            this.note.textContent = failure.message
            return LIVE_MS
        }
        return jobs.every(({ state }) => isOver(state)) ? OVER_MS : LIVE_MS
    }

    /** Whole, with its progress; one that is over stays as it is. */
    async jobOf({ id, state }) {
        const known = this.jobs.get(id)
        if (known?.state === state && isOver(state)) return known
        const job = await this.runs.show(id)
        this.jobs.set(id, job)
        return job
    }

    showCurves(jobs) {
        if (this.curves) return
        this.curves = new Curves(
            this.runs,
            jobs.map(({ id, label }) => ({ id, name: label || text("unnamed") }))
        )
        this.curves.onstale = () => this.polling.now()
        this.curvesPlace.append(this.curves.place)
    }

    /** Only the parameters that differ, then what is known of each run; the best of a value stands out. */
    showTable({ jobs, parameters, values, best, notes }) {
        const head = element(
            "tr",
            {},
            element("th", {}, text("compare.run")),
            ...parameters.map(({ pointer }) => element("th", { title: pointer }, shortened(pointer))),
            element("th", {}, text("compare.state")),
            ...values.map(({ title }) => element("th", {}, title))
        )
        const rows = jobs.map((job, at) =>
            element(
                "tr",
                { data: { job: job.id } },
                element(
                    "th",
                    {},
                    mark(at),
                    element(
                        "a",
                        { href: "#", title: job.name, onclick: (event) => this.go(event, job.id) },
                        job.label || text("unnamed")
                    )
                ),
                ...parameters.map((parameter) => element("td", {}, number(parameter.values[at]))),
                element("td", {}, text(`state.${job.state}`)),
                ...values.map(({ name }) =>
                    element(
                        "td",
                        { class: best[name]?.job === job.id && "authorgan-runs-best" },
                        number(job.values[name])
                    )
                )
            )
        )
        this.table.replaceChildren(
            element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)),
            ...(parameters.length === 0 ? [hint(text("compare.same"))] : []),
            ...notes.map((note) => hint(note.message ?? note))
        )
    }

    /** Only the runs that were chosen on the axes; null: all of them. */
    filter(ids) {
        // As high as before: the page must not slip away below the pointer that chooses.
        if (!this.chosen) this.filtered.style.minHeight = `${this.filtered.offsetHeight}px`
        if (!ids) this.filtered.style.minHeight = ""
        this.chosen = ids
        this.showOnly()
        if (this.curves) this.curves.showOnly(ids)
    }

    showOnly() {
        const places = [...this.table.querySelectorAll("tr[data-job]"), ...this.gallery.figures.children]
        for (const place of places) place.hidden = Boolean(this.chosen) && !this.chosen.has(place.dataset.job)
    }

    go(event, id) {
        event.preventDefault()
        this.open(id)
    }

    close() {
        this.polling.stop()
        this.curves?.close()
        this.parallel.close()
        this.pictures.forget()
    }
}

const mark = (at) => colourMark(colourOf(at))
const hint = (words) => element("p", { class: "authorgan-runs-hint" }, words)
