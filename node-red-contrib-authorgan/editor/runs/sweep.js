/** One sweep: how far it is, a heatmap of any of its values, and its runs as a table. */
import { showActions } from "./actions.js"
import { element, icon, pageHead } from "./dom.js"
import { downloadButton } from "./download.js"
import { Pictures } from "./pictures.js"
import { poll } from "./poll.js"
import { sweepBar, sweepLine } from "./sweeps.js"
import { number, shortened, text } from "./texts.js"
import { isDark } from "./theme.js"

const LIVE_MS = 2_000
const OVER_MS = 15_000
const FILES = ["png", "svg", "csv"]

export class SweepPage {
    /**
     * @param {HTMLElement} place
     * @param {import("./service.js").Runs} runs
     * @param {{ id: string, back: () => void, open: (id: string) => void, compare: (ids: string[]) => void }} options
     */
    constructor(place, runs, { id, back, open, compare }) {
        Object.assign(this, { runs, id, open })
        this.pictures = new Pictures(runs)
        this.title = element("h3", { class: "authorgan-runs-title" })
        this.actions = element("span", { class: "authorgan-runs-actions" })
        this.line = element("div", { class: "authorgan-runs-line", role: "status" })
        this.value = element("select", { "aria-label": text("sweeps.value"), onchange: () => this.drawHeatmap() })
        this.axes = ["x", "y"].map((name) =>
            element("select", {
                "aria-label": text(`sweeps.${name}`),
                title: text(`sweeps.${name}`),
                hidden: true,
                data: { axis: name },
                onchange: () => this.drawHeatmap()
            })
        )
        this.picture = element("div", { class: "authorgan-runs-heatmap" })
        this.table = element("div", { class: "authorgan-runs-table" })
        place.append(
            pageHead(text("run.back"), back, this.title, this.actions),
            this.line,
            element(
                "div",
                { class: "authorgan-runs-view" },
                this.value,
                ...this.axes,
                ...FILES.map((kind) =>
                    downloadButton(runs, kind.toUpperCase(), () => ({
                        address: this.address(kind),
                        name: `${this.sweep.name || "sweep"} ${this.value.value}.${kind}`
                    }))
                )
            ),
            this.picture,
            this.table,
            element(
                "button",
                {
                    type: "button",
                    class: "red-ui-button red-ui-button-small authorgan-runs-more",
                    onclick: () => compare(this.sweep.jobs.map((job) => job.id))
                },
                icon("line-chart"),
                ` ${text("sweeps.compare")}`
            )
        )
        this.polling = poll(() => this.look(), LIVE_MS)
    }

    async look() {
        try {
            this.sweep = await this.runs.json("GET", `sweeps/${this.id}`)
        } catch (failure) {
            this.line.textContent = failure.status === 404 ? text("sweeps.gone") : failure.message
            return OVER_MS
        }
        this.show(this.sweep)
        return this.sweep.progress.ended === this.sweep.progress.jobs ? OVER_MS : LIVE_MS
    }

    show(sweep) {
        this.title.textContent = sweep.name || text("unnamed")
        this.line.replaceChildren(sweepLine(sweep), sweepBar(sweep))
        showActions(this.actions, this.runs.of("sweeps"), sweep, () => this.polling.now())
        const offered = sweep.values.map(({ name }) => name).join()
        if (offered !== this.offered) {
            this.offered = offered
            const chosen = this.value.value
            this.value.replaceChildren(
                ...sweep.values.map(({ name, title }) =>
                    element("option", { value: name, selected: name === chosen }, title)
                )
            )
        }
        this.offerAxes(sweep.axes)
        const known = JSON.stringify(sweep.jobs.map(({ values }) => values[this.value.value]))
        if (known !== this.known) this.drawHeatmap()
        this.known = known
        this.showJobs(sweep)
    }

    /** Where more than two parameters vary, which of them the heatmap lies over: first, those with most values. */
    offerAxes(axes) {
        const [x, y] = this.axes
        if (axes.length <= 2 || x.options.length > 0) return
        const [most, next] = axes.toSorted((a, b) => b.values.length - a.values.length)
        for (const [select, chosen] of [
            [x, next],
            [y, most]
        ]) {
            select.replaceChildren(
                ...axes.map(({ pointer }) =>
                    element("option", { value: pointer, selected: pointer === chosen.pointer }, shortened(pointer))
                )
            )
            select.hidden = false
        }
    }

    address(kind) {
        const [x, y] = this.axes.map(({ value }) => value)
        const query = new URLSearchParams({
            value: this.value.value,
            ...(x && { x }),
            ...(y && y !== x && { y }),
            ...(kind !== "csv" && { theme: isDark() ? "dark" : "light" })
        })
        return `sweeps/${this.id}/heatmap.${kind}?${query}`
    }

    drawHeatmap() {
        if (!this.value.value) return
        const address = this.address("svg")
        this.pictures.drop(address)
        this.pictures.show(this.picture, address, this.value.selectedOptions[0].textContent)
    }

    showJobs({ axes, values, best, jobs }) {
        const isBest = (job, name) => best[name]?.job === job.id
        const head = element(
            "tr",
            {},
            ...axes.map(({ pointer }) => element("th", { title: pointer }, shortened(pointer))),
            element("th", {}, text("compare.state")),
            ...values.map(({ title }) => element("th", {}, title))
        )
        const rows = jobs.map((job) =>
            element(
                "tr",
                {},
                ...axes.map(({ pointer }, at) => {
                    const value = job.combination[pointer]
                    const words = number(value?.choice ?? value)
                    const link = { href: "#", onclick: (event) => this.go(event, job.id) }
                    return element("td", {}, at === 0 ? element("a", link, words) : words)
                }),
                element("td", { title: job.problem?.message }, text(`state.${job.state}`)),
                ...values.map(({ name }) =>
                    element("td", { class: isBest(job, name) && "authorgan-runs-best" }, number(job.values[name]))
                )
            )
        )
        this.table.replaceChildren(element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)))
    }

    go(event, id) {
        event.preventDefault()
        this.open(id)
    }

    close() {
        this.polling.stop()
        this.pictures.forget()
    }
}
