/** The sweeps of a service: groups of runs over a grid of parameters. */
import { showActions } from "./actions.js"
import { element } from "./dom.js"
import { Pager } from "./pager.js"
import { poll } from "./poll.js"
import { ago, duration, number, text } from "./texts.js"

const EVERY_MS = 3_000
const PAGE = 50

export class SweepList {
    /**
     * @param {HTMLElement} place
     * @param {import("./service.js").Runs} runs
     * @param {{ open: (id: string) => void }} options
     */
    constructor(place, runs, { open }) {
        this.runs = runs
        this.open = open
        this.note = element("p", { class: "authorgan-runs-note", role: "status" })
        this.body = element("div", { class: "authorgan-runs-list", role: "list" })
        this.pager = new Pager(() => this.polling.now())
        place.append(this.note, this.body, this.pager.place)
        this.rows = new Map()
        this.polling = poll(() => this.look(), EVERY_MS)
    }

    async look() {
        let sweeps
        try {
            const query = new URLSearchParams({ limit: PAGE, ...this.pager.query })
            const found = await this.runs.json("GET", `sweeps?${query}`)
            this.pager.show(found.next)
            sweeps = found.sweeps
        } catch (failure) {
            this.note.textContent = failure.message
            return
        }
        this.note.textContent = sweeps.length === 0 ? text("sweeps.empty") : ""
        this.body.replaceChildren(...sweeps.map((sweep) => this.row(sweep)))
    }

    /** The row of a sweep, the same element as long as it is there, so that focus stays. */
    row(sweep) {
        if (!this.rows.has(sweep.id)) {
            const words = element("span", { class: "authorgan-runs-words" })
            const open = { type: "button", class: "authorgan-runs-open", onclick: () => this.open(sweep.id) }
            const actions = element("span", { class: "authorgan-runs-actions" })
            const row = element(
                "div",
                { class: "authorgan-runs-row", role: "listitem", data: { sweep: sweep.id } },
                element("button", open, words),
                actions
            )
            this.rows.set(sweep.id, { row, words, actions })
        }
        const { row, words, actions } = this.rows.get(sweep.id)
        row.dataset.state = sweep.state
        words.replaceChildren(
            element("span", { class: "authorgan-runs-name" }, sweep.name || text("unnamed")),
            element("span", { class: "authorgan-runs-line" }, sweepLine(sweep)),
            sweepBar(sweep)
        )
        showActions(actions, this.runs.of("sweeps"), sweep, () => this.polling.now())
        return row
    }

    close() {
        this.polling.stop()
    }
}

/** "running · 5 of 16 · 12 min left" */
export function sweepLine({ state, progress, created_at }) {
    const parts = [text(`state.${state}`), text("sweeps.ended", { ended: progress.ended, jobs: progress.jobs })]
    if (progress.eta_seconds !== null) parts.push(text("left", { duration: duration(progress.eta_seconds) }))
    return [...parts, ago(created_at)].join(" · ")
}

export const sweepBar = ({ progress }) =>
    element(
        "div",
        { class: "authorgan-runs-bar", hidden: progress.ended === progress.jobs, title: number(progress.fraction) },
        element("div", { style: `width: ${(100 * progress.fraction).toFixed(1)}%` })
    )
