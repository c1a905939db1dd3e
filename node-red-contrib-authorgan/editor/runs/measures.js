/** What else was measured along a run, each in a small chart: scores, learning rates, use of the machine. */
import { Chart } from "./chart.js"
import { colourOf, NETWORKS } from "./curves.js"
import { element } from "./dom.js"
import { number, text } from "./texts.js"

const HEIGHT = 110
const UNTOUCHED = { smoothing: "none", amount: 0, clip: false, log: false }
const MEGABYTE = 2 ** 20

export class Measures {
    constructor() {
        /** title -> { chart, place, value } */
        this.charts = new Map()
        this.groups = Object.fromEntries(["scores", "settings", "machine"].map((name) => [name, group(name)]))
        this.place = element("div", { class: "authorgan-runs-measures" }, Object.values(this.groups))
    }

    /** @param {{ measurements, learning_rates, usage }} metrics  as the service answers */
    show({ measurements = {}, learning_rates = {}, usage = {} }) {
        for (const [name, points] of Object.entries(measurements)) {
            const title = text(`metric.${name}.title`)
            const help = `${text(`metric.${name}.summary`)} ${text(`direction.${text(`metric.${name}.direction`)}`)}`
            this.draw("scores", title, { [title]: points }, help)
        }
        const rates = Object.entries(learning_rates).filter(([, points]) => points.length > 1)
        if (rates.length > 0) this.draw("settings", text("measure.learning_rate"), Object.fromEntries(rates))
        for (const [name, points] of Object.entries(usage)) {
            const bytes = name.endsWith("_bytes")
            const values = bytes ? points.map(([step, value]) => [step, value && value / MEGABYTE]) : points
            this.draw("machine", text(`measure.${name}`), { [text(`measure.${name}`)]: values })
        }
    }

    /** One chart of a group; `lines` are [step, value] points by label. */
    draw(group, title, lines, help = title) {
        const labels = Object.keys(lines)
        if (!this.charts.has(title)) {
            const value = element("b")
            const plotted = element("div", { class: "authorgan-runs-chart" })
            this.groups[group].append(
                element("figure", {}, element("figcaption", { title: help }, title, value), plotted)
            )
            this.groups[group].hidden = false
            const ignore = () => undefined
            const chart = new Chart(plotted, {
                words: number,
                onselect: ignore,
                onreset: ignore,
                height: HEIGHT,
                legend: false
            })
            this.charts.set(title, { chart, value, seen: "" })
        }
        const known = this.charts.get(title)
        const seen = JSON.stringify(labels.map((label) => lines[label].at(-1)))
        if (seen === known.seen) return
        known.seen = seen
        const xs = [...new Set(labels.flatMap((label) => lines[label].map(([step]) => step)))].sort((a, b) => a - b)
        const drawn = labels.map((label, at) => {
            const values = new Map(lines[label])
            const colour = NETWORKS[label] || colourOf(at)
            return { label, colour, values: xs.map((step) => values.get(step) ?? null) }
        })
        known.value.textContent = labels.map((label) => number(lines[label].at(-1)?.[1])).join(" · ")
        known.chart.draw(xs, drawn, { ...UNTOUCHED, xLabel: text("x.step") })
    }

    close() {
        for (const { chart } of this.charts.values()) chart.close()
    }
}

const group = (name) =>
    element("details", { hidden: true, open: name === "scores" }, element("summary", {}, text(`measures.${name}`)))
