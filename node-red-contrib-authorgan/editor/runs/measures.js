/** What else was measured along a run, each in a small chart: scores, how it trains, use of the machine. */
import { Chart } from "./chart.js"
import { colourOf, NETWORKS } from "./curves.js"
import { colourMark, element } from "./dom.js"
import { number, text } from "./texts.js"

const HEIGHT = 110
const UNTOUCHED = { smoothing: "none", amount: 0, clip: false, log: false }
/** What one batch says is noisy: the line is its moving average, and what was measured stays visible behind it. */
const SMOOTHED = { ...UNTOUCHED, smoothing: "exponential", amount: 0.8, clip: true }
/** What is measured of single steps, in the order of the charts: each a line for each of its parts. */
const TRAINING = { accuracy: ["real", "fake"], gradient_norm: ["generator", "discriminator"] }
/** Of real samples against real ones: beside the score, not against it. */
const FLOOR = "#999"
const MEGABYTE = 2 ** 20

export class Measures {
    constructor() {
        /** title -> { chart, value, seen } */
        this.charts = new Map()
        this.groups = Object.fromEntries(["scores", "training", "machine"].map((name) => [name, group(name)]))
        this.place = element("div", { class: "authorgan-runs-measures" }, Object.values(this.groups))
    }

    /** @param {{ measurements, learning_rates, usage }} metrics  as the service answers */
    show({ measurements = {}, learning_rates = {}, usage = {} }) {
        for (const name of Object.keys(measurements).filter((name) => !/[./]/.test(name))) {
            const title = text(`metric.${name}.title`)
            const help = `${text(`metric.${name}.summary`)} ${text(`direction.${text(`metric.${name}.direction`)}`)}`
            const floor = measurements[`${name}.floor`]
            this.draw(
                "scores",
                title,
                [
                    {
                        label: title,
                        points: measurements[name],
                        low: measurements[`${name}.low`],
                        high: measurements[`${name}.high`]
                    },
                    // What real samples score against real ones: nobody can expect more of a generator.
                    ...(floor ? [{ label: text("measure.floor"), colour: FLOOR, points: floor }] : [])
                ],
                help
            )
        }
        for (const [kind, parts] of Object.entries(TRAINING)) {
            const lines = parts
                .filter((part) => measurements[`${kind}/${part}`])
                .map((part) => ({
                    label: text(`measure.part.${part}`),
                    colour: NETWORKS[part],
                    points: measurements[`${kind}/${part}`]
                }))
            if (lines.length > 0)
                this.draw("training", text(`measure.${kind}`), lines, text(`measure.${kind}Hint`), SMOOTHED)
        }
        const rates = Object.entries(learning_rates).filter(([, points]) => points.length > 1)
        if (rates.length > 0) {
            const lines = rates.map(([network, points]) => ({
                label: text(`measure.part.${network}`),
                colour: NETWORKS[network],
                points
            }))
            this.draw("training", text("measure.learning_rate"), lines)
        }
        for (const [name, points] of Object.entries(usage)) {
            const bytes = name.endsWith("_bytes")
            const values = bytes ? points.map(([step, value]) => [step, value && value / MEGABYTE]) : points
            const title = text(`measure.${name}`)
            this.draw("machine", title, [{ label: title, points: values }])
        }
    }

    /** One chart of a group, of lines { label, points: [[step, value]], low?, high?, colour? }. */
    draw(group, title, lines, help = title, view = UNTOUCHED) {
        const known = this.chart(group, title, help)
        const seen = JSON.stringify(lines.map(({ points }) => points.at(-1)))
        if (seen === known.seen) return
        known.seen = seen
        known.value.replaceChildren(...lines.map((line, at) => newestOf(line, at, lines.length > 1)))
        const xs = [...new Set(lines.flatMap(({ points }) => points.map(([step]) => step)))].sort((a, b) => a - b)
        const along = (points) => {
            const values = new Map(points)
            return xs.map((step) => values.get(step) ?? null)
        }
        const drawn = lines.map(({ label, points, low, high, colour }, at) => ({
            label,
            colour: colour || colourOf(at),
            values: along(points),
            ...(low && high && { low: along(low), high: along(high) })
        }))
        known.chart.draw(xs, drawn, { ...view, xLabel: text("x.step") })
    }

    /** The chart of this title, made when it is first asked for. */
    chart(group, title, help) {
        if (!this.charts.has(title)) {
            const value = element("span", { class: "authorgan-runs-values" })
            const plotted = element("div", { class: "authorgan-runs-chart" })
            this.groups[group].append(
                element("figure", {}, element("figcaption", { title: help }, title, value), plotted)
            )
            this.groups[group].hidden = false
            const ignore = () => undefined
            const options = { words: number, onselect: ignore, onreset: ignore, height: HEIGHT, legend: false }
            this.charts.set(title, { chart: new Chart(plotted, options), value, seen: "" })
        }
        return this.charts.get(title)
    }

    close() {
        for (const { chart } of this.charts.values()) chart.close()
    }
}

/** The newest value of a line; where there are several, with the line's colour and name. */
const newestOf = ({ label, colour, points }, at, named) =>
    element(
        "span",
        {},
        named && colourMark(colour || colourOf(at)),
        named && `${label} `,
        element("b", {}, number(points.at(-1)?.[1]))
    )

const group = (name) =>
    element("details", { hidden: true, open: name === "scores" }, element("summary", {}, text(`measures.${name}`)))
