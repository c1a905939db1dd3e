/**
 * Parallel coordinates: an axis for each parameter that differs and each value, a line for each run through all of them.
 * The axes lie across, one below the other, so that a narrow sidebar has room for their names. A stretch of an axis, drawn
 * or set by its two handles, leaves the runs that pass through it.
 */
import { axisOf, within } from "../../lib/axes.js"
import { colourOf, NETWORKS } from "./curves.js"
import { element, graphic } from "./dom.js"
import { Stretches } from "./stretches.js"
import { number, shortened, text } from "./texts.js"

const ROW = 54
const AXIS_AT = 24
const LABELS_AT = 42
/** Left and right of an axis: half a handle. */
const SIDE = 6
const HANDLE = { width: 6, height: 16 }
/** Pixels that the label of a value takes. */
const LABEL = 64
/** More axes than these say nothing together. */
const MOST_AXES = 24

export class Parallel {
    /** @param {{ onfilter: (ids: Set<string>|null) => void, open: (id: string) => void }} options */
    constructor({ onfilter, open }) {
        this.onfilter = onfilter
        this.open = open
        this.stretches = new Stretches({ at: (event) => this.at(event), onchange: () => this.filter() })
        this.axes = []
        this.told = null
        this.colour = element("select", {
            "aria-label": text("parallel.colour"),
            title: text("parallel.colour"),
            onchange: () => this.draw()
        })
        this.count = element("span", { class: "authorgan-runs-step", role: "status" })
        this.all = element(
            "button",
            {
                type: "button",
                class: "red-ui-button red-ui-button-small",
                hidden: true,
                onclick: () => this.stretches.clear()
            },
            text("parallel.all")
        )
        this.picture = element("div")
        this.hint = element("p", { class: "authorgan-runs-hint" })
        this.place = element(
            "div",
            { class: "authorgan-runs-parallel", hidden: true },
            element("div", { class: "authorgan-runs-caption" }, text("parallel.title"), this.count),
            element("div", { class: "authorgan-runs-view" }, this.colour, this.all),
            this.picture,
            this.hint
        )
        this.resizing = new ResizeObserver(() => this.draw())
        this.resizing.observe(this.picture)
    }

    /** @param {{ jobs, parameters, values }} compared  as the service compares runs */
    show({ jobs, parameters, values }) {
        const known = JSON.stringify([jobs.map(({ id, values }) => [id, values]), parameters])
        if (known === this.known) return
        this.known = known
        this.jobs = jobs
        const differs = ({ values }) => new Set(values.filter(isKnown).map((value) => JSON.stringify(value))).size > 1
        const asked = parameters
            .map(({ pointer, values }) => ({ name: pointer, title: shortened(pointer), values }))
            .filter(differs)
        const found = values
            .map(({ name, title }) => ({ name, title, values: jobs.map(({ values }) => values[name]) }))
            .filter(differs)
        // What came of the runs is never left out.
        const axes = [...asked.slice(0, Math.max(0, MOST_AXES - found.length)), ...found]
        const count = asked.length + found.length
        this.axes = axes.map((axis) => {
            const scale = axisOf(axis.values)
            return { ...axis, ...scale, places: axis.values.map(scale.place) }
        })
        this.hint.textContent =
            count > axes.length ? text("parallel.more", { shown: axes.length, count }) : text("parallel.hint")
        this.offerColours()
        this.place.hidden = jobs.length < 2 || this.axes.length < 2
        this.draw()
    }

    offerColours() {
        const chosen = this.colour.value
        const numeric = this.axes.filter(({ numeric }) => numeric)
        this.colour.replaceChildren(
            element("option", { value: "" }, text("parallel.byRun")),
            ...numeric.map(({ name, title }) =>
                element("option", { value: name, selected: name === chosen }, text("parallel.by", { title }))
            )
        )
    }

    draw() {
        const width = this.picture.clientWidth
        if (!width || this.place.hidden) return
        const focused = document.activeElement?.closest?.(".authorgan-runs-parallel") && document.activeElement.dataset
        this.width = width
        this.lines = this.jobs.map((job, at) => this.line(job, at))
        this.picture.replaceChildren(
            graphic(
                "svg",
                { width, height: this.axes.length * ROW, role: "group", "aria-label": text("parallel.title") },
                ...this.lines,
                ...this.axes.map((axis, row) => this.axis(axis, row))
            )
        )
        this.filter()
        if (focused?.axis) this.handle(focused.axis, focused.end)?.focus()
    }

    x(place) {
        return SIDE + place * (this.width - 2 * SIDE)
    }

    line(job, at) {
        const { axes } = this
        let drawing = false
        const path = axes.map(({ places }, row) => {
            if (places[at] === null) {
                drawing = false
                return ""
            }
            const step = `${drawing ? "L" : "M"}${this.x(places[at]).toFixed(1)} ${row * ROW + AXIS_AT}`
            drawing = true
            return step
        })
        return graphic(
            "path",
            {
                class: "authorgan-runs-way",
                d: path.join(""),
                stroke: this.colourOf(at),
                onclick: () => this.open(job.id)
            },
            graphic("title", {}, job.label || text("unnamed"))
        )
    }

    colourOf(at) {
        const axis = this.axes.find(({ name }) => name === this.colour.value)
        if (!axis) return colourOf(at)
        const place = axis.places[at]
        if (place === null) return "var(--red-ui-secondary-text-color)"
        return `color-mix(in oklab, ${NETWORKS.generator} ${(100 * place).toFixed(0)}%, ${NETWORKS.discriminator})`
    }

    axis(axis, row) {
        const top = row * ROW
        const labels = axis.ticks.length * LABEL > this.width ? [axis.ticks[0], axis.ticks.at(-1)] : axis.ticks
        return graphic(
            "g",
            { transform: `translate(0 ${top})` },
            graphic("text", { class: "authorgan-runs-axis-name", x: SIDE, y: 11 }, axis.title, tooltip(axis.name)),
            graphic("line", {
                class: "authorgan-runs-axis",
                x1: SIDE,
                x2: this.width - SIDE,
                y1: AXIS_AT,
                y2: AXIS_AT
            }),
            graphic("rect", {
                class: "authorgan-runs-stretch",
                data: { stretch: axis.name },
                y: AXIS_AT - HANDLE.height / 2,
                height: HANDLE.height
            }),
            graphic("rect", {
                class: "authorgan-runs-grip",
                x: 0,
                y: AXIS_AT - HANDLE.height / 2,
                width: this.width,
                height: HANDLE.height,
                onpointerdown: (event) => this.stretches.brush(event, axis.name),
                ondblclick: () => this.stretches.choose(axis.name, null)
            }),
            ...labels.map(({ value, at }) =>
                graphic(
                    "text",
                    {
                        class: "authorgan-runs-tick",
                        x: this.x(at),
                        y: LABELS_AT,
                        "text-anchor": at < 0.25 ? "start" : at > 0.75 ? "end" : "middle"
                    },
                    clipped(number(value)),
                    tooltip(number(value))
                )
            ),
            this.makeHandle(axis, 0),
            this.makeHandle(axis, 1)
        )
    }

    makeHandle(axis, end) {
        return graphic("rect", {
            class: "authorgan-runs-handle",
            data: { axis: axis.name, end },
            y: AXIS_AT - HANDLE.height / 2,
            ...HANDLE,
            rx: 2,
            tabindex: 0,
            role: "slider",
            "aria-label": text(`parallel.${end ? "to" : "from"}`, { title: axis.title }),
            "aria-valuemin": 0,
            "aria-valuemax": 100,
            onpointerdown: (event) => this.stretches.drag(event, axis.name, end),
            onkeydown: (event) => this.stretches.press(event, axis.name, end)
        })
    }

    handle(name, end) {
        return [...this.picture.querySelectorAll(".authorgan-runs-handle")].find(
            ({ dataset }) => dataset.axis === name && dataset.end === `${end}`
        )
    }

    /** Where the pointer is on an axis. */
    at({ clientX }) {
        const { left } = this.picture.getBoundingClientRect()
        return Math.min(1, Math.max(0, (clientX - left - SIDE) / (this.width - 2 * SIDE)))
    }

    /** Shows what is chosen, and tells which runs are left. */
    filter() {
        for (const axis of this.axes) {
            const [from, to] = this.stretches.of(axis.name)
            for (const end of [0, 1]) {
                const place = end ? to : from
                const handle = this.handle(axis.name, end)
                handle.setAttribute("x", this.x(place) - HANDLE.width / 2)
                handle.setAttribute("aria-valuenow", Math.round(100 * place))
                handle.setAttribute("aria-valuetext", number(axis.valueAt(place)))
            }
            const shown = [...this.picture.querySelectorAll(".authorgan-runs-stretch")].find(
                ({ dataset }) => dataset.stretch === axis.name
            )
            shown.setAttribute("x", this.x(from))
            shown.setAttribute("width", this.stretches.chosen.has(axis.name) ? this.x(to) - this.x(from) : 0)
        }
        const left = within(
            this.axes.map(({ places }) => places),
            this.axes.map(({ name }) => this.stretches.chosen.get(name) || null)
        )
        for (const [at, line] of this.lines.entries()) line.classList.toggle("authorgan-runs-out", !left[at])
        const ids = this.jobs.filter((_, at) => left[at]).map(({ id }) => id)
        const filtered = ids.length < this.jobs.length
        this.all.hidden = this.stretches.chosen.size === 0
        this.count.textContent = filtered ? text("parallel.left", { left: ids.length, count: this.jobs.length }) : ""
        const told = filtered ? ids.join() : null
        if (told === this.told) return
        this.told = told
        this.onfilter(filtered ? new Set(ids) : null)
    }

    close() {
        this.resizing.disconnect()
    }
}

const isKnown = (value) => value !== null && value !== undefined
const clipped = (words) => (words.length > 12 ? `${words.slice(0, 11)}…` : words)
const tooltip = (words) => graphic("title", {}, words)
