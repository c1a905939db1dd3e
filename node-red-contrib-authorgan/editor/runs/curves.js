/** The loss curves of one run or of several, read from the service, which thins them so that every peak stays. */
import { Chart } from "./chart.js"
import { element } from "./dom.js"
import { isOver } from "./state.js"
import { number, text } from "./texts.js"
import { CurveView } from "./view.js"

/** Points asked for a curve: more than a sidebar has pixels, so that a smoothed curve is smooth. */
const POINTS = 2_000
/** Points that are added as they come, before the whole is fetched anew: thinned, and as the service has it. */
const MOST_ADDED = 2_000
const ANEW_MS = 10_000
export const NETWORKS = { generator: "#d9822b", discriminator: "#4a78c8" }
/** Distinguishable for the colour-blind too (Okabe & Ito 2008); then the circle of hues. */
/** Whether a curve is being added to, so that it need not be fetched anew yet. */
const isFresh = ({ fed, at, rows, count }) => fed > at && Date.now() - at < ANEW_MS && rows.length - count < MOST_ADDED

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
        /** Ids of the runs whose lines are drawn; null: all of them. */
        this.only = null
        this.zoom = null
        /** run id -> { seen, thinned, column(name), markers }; `seen` tells whether it is still the present one. */
        this.curves = new Map()
        this.view = new CurveView(() => this.turn())
        this.x = this.view.x
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
        const controls = this.view.controls(["step", "epoch", "seconds"])
        if (this.shown.length === 1) return controls
        const networks = Object.keys(NETWORKS)
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
            const view = JSON.stringify([job.state, this.view.x, this.zoom])
            const known = this.curves.get(job.id)
            if (known) known.progress = job.progress
            if (known && known.view === undefined) {
                // Fetched before its job was known.
                Object.assign(known, { view, step: job.progress.step })
                changed = true
                continue
            }
            if (known?.view === view && (known.step === job.progress.step || isFresh(known))) continue
            await this.fetch(job.id, { view, step: job.progress.step, progress: job.progress })
            changed = true
        }
        this.ended = jobs.every(({ state }) => isOver(state))
        if (changed) this.draw()
    }

    async fetch(id, known = {}) {
        const [metrics, { markers }] = await Promise.all([
            this.runs.metrics(id, this.query()),
            this.runs.json("GET", `jobs/${id}/markers`)
        ])
        const { columns, rows, thinned } = metrics
        const column = (name) => rows.map((row) => row[columns.indexOf(name)])
        const fetched = { thinned, column, columns, rows, markers, metrics, count: rows.length, at: Date.now() }
        this.curves.set(id, { ...known, ...fetched })
    }

    /**
     * Adds what a training has just told, where it belongs to what is shown.
     *
     * @param {{ seconds: number, points: [number, number|null, number|null][] }} loss  a loss event
     */
    append(id, { seconds, points }) {
        const curve = this.curves.get(id)
        if (!curve || this.zoom) return
        const { rows, columns, progress } = curve
        const last = rows.at(-1)
        const before = last?.[columns.indexOf("seconds")] ?? 0
        const perEpoch = progress?.total && progress.epochs ? progress.total / progress.epochs : Number.NaN
        const fresh = points.filter(([step]) => !last || step > last[0])
        for (const [at, [step, generator, discriminator]] of fresh.entries()) {
            const row = {
                step,
                generator,
                discriminator,
                epoch: step / perEpoch,
                seconds: before + ((seconds - before) * (at + 1)) / fresh.length,
                generator_min: generator,
                generator_max: generator,
                discriminator_min: discriminator,
                discriminator_max: discriminator
            }
            rows.push(columns.map((name) => row[name]))
        }
        curve.fed = Date.now()
        if (fresh.length > 0 && !document.hidden) this.draw()
    }

    showOnly(ids) {
        this.only = ids
        this.draw()
    }

    /** All that the service told of a run's numbers at the last look. */
    metricsOf(id) {
        return this.curves.get(id)?.metrics
    }

    query() {
        return { x: this.view.x, max_points: POINTS, bands: true, ...this.zoom }
    }

    /** Fetches a stretch anew, so that it shows what the whole had no room for. */
    zoomTo(range) {
        this.zoom = range && { from: Math.max(0, range.from), to: Math.max(0, range.to) }
        this.onstale?.()
    }

    /** What x counts was changed: the service answers with other stretches. */
    turn() {
        if (this.x !== this.view.x) this.zoomTo(null)
        this.x = this.view.x
        this.draw()
    }

    draw() {
        const one = this.shown.length === 1
        const { xs, lines } = one ? this.networksOf(this.shown[0].id) : this.networkOfEach()
        const none = this.ended ? "never" : "none"
        const hint = xs.length === 0 ? none : this.zoom ? "zoomed" : "hint"
        this.hint.textContent = text(`curves.${hint}`)
        const markers = one ? this.markersOf(this.shown[0].id) : []
        this.chart.draw(xs, lines, { ...this.view.settings(), xLabel: text(`x.${this.view.x}`), markers })
    }

    networksOf(id) {
        const curve = this.curves.get(id)
        if (!curve) return { xs: [], lines: [] }
        return {
            xs: curve.column(this.view.x),
            lines: Object.keys(NETWORKS).map((name) => ({
                label: text(`fact.${name}`),
                colour: NETWORKS[name],
                values: curve.column(name),
                ...(curve.thinned && { low: curve.column(`${name}_min`), high: curve.column(`${name}_max`) })
            }))
        }
    }

    /** Runs have xs of their own, so a line has gaps at those of the others. */
    networkOfEach() {
        const points = this.shown.map(({ id }) => {
            const curve = this.curves.get(id)
            if (!curve || (this.only && !this.only.has(id))) return new Map()
            const values = curve.column(this.network)
            return new Map(curve.column(this.view.x).map((x, at) => [x, values[at]]))
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

    /** Where something was changed or paused, in units of x: at the first point that is not before it. */
    markersOf(id) {
        const curve = this.curves.get(id)
        if (!curve) return []
        const steps = curve.column("step")
        const xs = curve.column(this.view.x)
        return curve.markers.map(({ step }) => xs[steps.findIndex((at) => at >= step)]).filter(Number.isFinite)
    }

    close() {
        this.chart.close()
    }
}
