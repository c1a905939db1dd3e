/** The loss curves of one run or of several, read from the service, which thins them so that every peak stays. */
import { Chart } from "./chart.js"
import { element } from "./dom.js"
import { number, text } from "./texts.js"
import { CurveView } from "./view.js"

/** Points asked for a curve: more than a sidebar has pixels, so that a smoothed curve is smooth. */
const POINTS = 2_000
const COLOURS = { generator: "#d9822b", discriminator: "#4a78c8" }
/** Distinguishable for the colour-blind too (Okabe & Ito 2008); then the circle of hues. */
const SERIES = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c6d31"]

export const colourOf = (at) => SERIES[at] || `hsl(${(at * 137.5) % 360} 60% 50%)`

export class Curves {
    /**
     * @param {import("./service.js").Runs} runs
     * @param {{ id: string, name: string }[]} shown  one run: a curve a network; several: one network, a curve a run
     */
    constructor(runs, shown) {
        this.runs = runs
        this.shown = shown
        this.network = "generator"
        this.zoom = null
        /** run id -> { rows, columns, seen, per } */
        this.curves = new Map()
        this.view = new CurveView(() => this.draw())
        this.plotted = element("div", { class: "authorgan-runs-chart" })
        this.hint = element("p", { class: "authorgan-runs-hint" })
        this.place = element("div", { class: "authorgan-runs-curves" }, this.controls(), this.plotted, this.hint)
        this.chart = new Chart(this.plotted, {
            words: number,
            onselect: (from, to) => this.zoomTo({ from, to }),
            onreset: () => this.zoomTo(null)
        })
    }

    controls() {
        const controls = this.view.controls(["step", "epoch"])
        if (this.shown.length === 1) return controls
        const networks = Object.keys(COLOURS)
        controls.prepend(
            element(
                "select",
                {
                    "aria-label": text("view.network"),
                    onchange: ({ target }) => {
                        this.network = target.value
                        this.draw()
                    }
                },
                networks.map((value) => element("option", { value }, text(`fact.${value}`)))
            )
        )
        return controls
    }

    /** Fetches what came since the last look, for the jobs as they are now. */
    async look(jobs) {
        let changed = false
        for (const job of jobs) {
            const known = this.curves.get(job.id)
            const seen = `${job.progress.step} ${job.state}`
            if (known?.seen === seen) continue
            const { columns, rows } = await this.runs.metrics(job.id, this.query(job))
            const { total, epochs } = job.progress
            this.curves.set(job.id, { columns, rows, seen, per: total && epochs ? total / epochs : 1 })
            changed = true
        }
        if (changed) this.draw()
    }

    query(job) {
        if (!this.zoom) return { max_points: POINTS }
        const per = this.view.x === "epoch" ? job.progress.total / job.progress.epochs : 1
        return {
            max_points: POINTS,
            from: Math.max(0, Math.floor(this.zoom.from * per)),
            to: Math.ceil(this.zoom.to * per)
        }
    }

    /** Fetches a stretch anew, so that it shows what the whole had no room for. */
    zoomTo(range) {
        this.zoom = range
        for (const curve of this.curves.values()) curve.seen = null
        this.onzoom?.()
    }

    draw() {
        const { xs, lines } = this.shown.length === 1 ? this.networksOf(this.shown[0].id) : this.networkOfEach()
        this.hint.textContent =
            xs.length === 0 ? text("curves.none") : this.zoom ? text("curves.zoomed") : text("curves.hint")
        this.chart.draw(xs, lines, { ...this.view.settings(), xLabel: text(`x.${this.view.x}`) })
    }

    networksOf(id) {
        const { columns = ["step"], rows = [], per = 1 } = this.curves.get(id) || {}
        return {
            xs: rows.map(([step]) => this.x(step, per)),
            lines: Object.keys(COLOURS)
                .filter((name) => columns.includes(name))
                .map((name) => ({
                    label: text(`fact.${name}`),
                    colour: COLOURS[name],
                    values: rows.map((row) => row[columns.indexOf(name)])
                }))
        }
    }

    /** Runs have steps of their own, so a line has gaps at those of the others. */
    networkOfEach() {
        const points = this.shown.map(({ id }) => {
            const { columns = [], rows = [], per = 1 } = this.curves.get(id) || {}
            return new Map(rows.map((row) => [this.x(row[0], per), row[columns.indexOf(this.network)]]))
        })
        const xs = [...new Set(points.flatMap((line) => [...line.keys()]))].sort((a, b) => a - b)
        return {
            xs,
            lines: this.shown.map(({ name }, at) => ({
                label: name,
                colour: colourOf(at),
                values: xs.map((x) => points[at].get(x) ?? null)
            }))
        }
    }

    x(step, per) {
        return this.view.x === "epoch" ? step / per : step
    }

    close() {
        this.chart.close()
    }
}
