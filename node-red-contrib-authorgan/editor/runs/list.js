/** The list of a service's runs: state, progress, picture; filtered, sorted, chosen for a comparison. */
import { showActions } from "./actions.js"
import { element, icon, iconButton, tagMark } from "./dom.js"
import { Pager } from "./pager.js"
import { Pictures } from "./pictures.js"
import { poll } from "./poll.js"
import { STATES, stateLine } from "./state.js"
import { ago, number, text } from "./texts.js"

const EVERY_MS = 2_000
/** Runs asked for at once. */
const PAGE = 50
const SORTS = ["-created_at", "created_at", "name", "-duration", "generator_loss", "discriminator_loss"]
/** Which shelf of runs is looked at -> what is asked for. */
const SHELVES = { current: {}, archived: { archived: true }, bin: { deleted: true } }
/** What one can compare at once. */
const MOST_COMPARED = 50

export class RunList {
    /**
     * @param {HTMLElement} place
     * @param {import("./service.js").Runs} runs
     * @param {{ open: (id: string) => void, compare: (ids: string[]) => void, memory: object }} options
     *     `memory` keeps filter, sort and choice while another view is shown.
     */
    constructor(place, runs, { open, compare, memory }) {
        this.runs = runs
        this.open = open
        this.memory = Object.assign(memory, {
            q: "",
            state: "",
            sort: SORTS[0],
            shelf: "current",
            pages: {},
            chosen: new Set(),
            ...memory
        })
        this.pictures = new Pictures(runs)
        this.rows = new Map()
        this.note = element("p", { class: "authorgan-runs-note", role: "status" })
        this.body = element("div", { class: "authorgan-runs-list", role: "list" })
        this.pager = new Pager(() => {
            this.body.scrollIntoView({ block: "nearest" })
            this.polling.now()
        }, this.memory.pages)
        this.compareButton = element(
            "button",
            {
                type: "button",
                class: "red-ui-button red-ui-button-small",
                onclick: () => compare([...this.memory.chosen])
            },
            icon("line-chart"),
            " ",
            element("span")
        )
        this.none = iconButton("times", text("list.none"), () => {
            this.memory.chosen.clear()
            for (const { authorgan } of this.rows.values()) authorgan.tick.checked = false
            this.tellChosen()
        })
        place.append(this.filter(), this.note, this.body, this.pager.place)
        this.polling = poll(() => this.look(), EVERY_MS)
        this.tellChosen()
    }

    filter() {
        const { memory } = this
        const change = (key) => (event) => {
            memory[key] = event.target.value
            this.pager.reset()
            this.polling.now()
        }
        const select = (key, label, options) =>
            element(
                "select",
                { "aria-label": label, title: label, onchange: change(key) },
                options.map(([value, words]) => element("option", { value, selected: memory[key] === value }, words))
            )
        return element(
            "div",
            { class: "authorgan-runs-filter" },
            element("input", {
                type: "search",
                placeholder: text("list.search"),
                "aria-label": text("list.search"),
                value: memory.q,
                oninput: change("q")
            }),
            select("state", text("list.state"), [
                ["", text("list.any")],
                ...STATES.map((state) => [state, text(`state.${state}`)])
            ]),
            select(
                "sort",
                text("list.sort"),
                SORTS.map((sort) => [sort, text(`sort.${sort}`)])
            ),
            select(
                "shelf",
                text("list.shelf"),
                Object.keys(SHELVES).map((shelf) => [shelf, text(`shelf.${shelf}`)])
            ),
            element("span", { class: "authorgan-runs-chosen" }, this.compareButton, this.none)
        )
    }

    async look() {
        const { q, state, sort, shelf } = this.memory
        const { query } = this.pager
        let found
        try {
            found = await this.runs.list({
                sort,
                limit: PAGE,
                ...query,
                ...(q && { q }),
                ...(state && { state }),
                ...SHELVES[shelf]
            })
        } catch (failure) {
            this.note.textContent = failure.message
            return undefined
        }
        const empty = q || state || shelf !== "current" ? text("list.noneFound") : text("list.empty")
        this.note.textContent = found.jobs.length === 0 ? empty : ""
        this.pager.show(found.next)
        this.show(found.jobs)
        return undefined
    }

    /** Brings the rows up to date in place, so that focus and pictures stay. */
    show(jobs) {
        const present = new Set(jobs.map(({ id }) => id))
        for (const [id, row] of this.rows) {
            if (present.has(id)) continue
            row.remove()
            this.rows.delete(id)
        }
        jobs.forEach((job, at) => {
            if (!this.rows.has(job.id)) this.rows.set(job.id, this.row(job))
            const row = this.rows.get(job.id)
            this.update(row, job)
            if (this.body.children[at] !== row) this.body.insertBefore(row, this.body.children[at] || null)
        })
        this.tellChosen()
    }

    row(job) {
        const picture = element("div", { class: "authorgan-runs-thumbnail" })
        const title = element("span", { class: "authorgan-runs-name" })
        const line = element("span", { class: "authorgan-runs-line" })
        const bar = element("div", { class: "authorgan-runs-bar" }, element("div"))
        const tick = element("input", {
            type: "checkbox",
            title: text("list.choose"),
            "aria-label": text("list.choose"),
            onchange: ({ target }) => {
                this.memory.chosen[target.checked ? "add" : "delete"](job.id)
                this.tellChosen()
            }
        })
        const actions = element("span", { class: "authorgan-runs-actions" })
        const row = element(
            "div",
            { class: "authorgan-runs-row", role: "listitem", data: { run: job.id } },
            tick,
            element(
                "button",
                { type: "button", class: "authorgan-runs-open", onclick: () => this.open(job.id) },
                picture,
                element("span", { class: "authorgan-runs-words" }, title, line, bar)
            ),
            actions
        )
        Object.assign(row, { authorgan: { picture, title, line, bar, tick, actions, shown: {} } })
        return row
    }

    update(row, job) {
        const { picture, title, line, bar, tick, actions, shown } = row.authorgan
        title.replaceChildren(job.name || text("unnamed"), ...job.tags.map(tagMark))
        row.dataset.state = job.state
        line.textContent = stateLine(job)
        line.title = `${text("created", { ago: ago(job.created_at) })} · ${job.id}`
        bar.firstChild.style.width = `${(100 * job.progress.fraction).toFixed(1)}%`
        bar.hidden = job.state === "succeeded" || job.state === "failed"
        tick.checked = this.memory.chosen.has(job.id)
        const sample = job.latest_sample?.url
        if (sample !== shown.sample) {
            shown.sample = sample
            this.pictures.show(picture, sample, text("sampleAt", { step: number(job.latest_sample?.step) }))
        }
        showActions(actions, this.runs, job, () => this.polling.now())
    }

    tellChosen() {
        const { size } = this.memory.chosen
        this.compareButton.lastChild.textContent = text("list.compare", { count: size })
        this.none.hidden = size === 0
        this.compareButton.disabled = size < 2 || size > MOST_COMPARED
        this.compareButton.title = size < 2 ? text("list.chooseTwo") : text("list.compare", { count: size })
    }

    close() {
        this.polling.stop()
        this.pictures.forget()
    }
}
