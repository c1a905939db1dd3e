/** A line chart of a run's numbers over its steps: uPlot, in the editor's colours. */
import uPlot from "uplot"
import "uplot/dist/uPlot.min.css"
import { exponential, rolling, withoutOutliers } from "../../lib/smoothing.js"

/** The axis leaves out this share of the values at either end, while outliers are clipped. */
const OUTLIERS = 0.01
const HEIGHT = 220
/** How strongly what was measured shines through behind a smoothed line. */
const PALE = 0.28
/** Pixels; less is a click that slipped, not a stretch that was chosen. */
const NARROWEST = 4

/**
 * `low` and `high`, where a value stands for a stretch of steps, are the least and the greatest in it.
 * @typedef {{ label: string, colour: string, values: (number|null)[], low?: number[], high?: number[] }} Line
 */

export class Chart {
    /**
     * @param {HTMLElement} place
     * @param {object} options
     * @param {(from: number, to: number) => void} options.onselect  a range of x was drawn
     * @param {() => void} options.onreset  a double click
     * @param {(value: number) => string} options.words  how a number is written
     */
    constructor(place, { onselect, onreset, words, height = HEIGHT, legend = true }) {
        this.place = place
        this.options = { onselect, onreset, words, height, legend }
        this.plot = null
        this.shape = ""
        this.resizing = new ResizeObserver(() => {
            this.plot?.setSize({ width: this.width(), height })
        })
        this.resizing.observe(place)
    }

    width() {
        return Math.max(160, this.place.clientWidth)
    }

    /**
     * Draws lines over common xs. Where they are smoothed, or stand for many steps, what was measured stays visible, paler.
     *
     * @param {number[]} xs
     * @param {Line[]} lines
     * @param {{ smoothing: "exponential"|"rolling"|"none", amount: number, clip: boolean, log: boolean, xLabel: string,
     *     markers?: number[] }} view
     */
    draw(xs, lines, view) {
        const { log } = view
        const smooth = view.smoothing === "rolling" ? rolling : exponential
        const smoothed = view.smoothing !== "none" && view.amount > 0
        const above = (values) => (log ? values.map((value) => (value > 0 ? value : null)) : values)
        const behind = lines.map(({ values, low, high }) => (low ? [low, high] : smoothed ? [values] : []).map(above))
        const shown = lines.map(({ values }) => above(smoothed ? smooth(xs, values, view.amount) : values))
        this.range = view.clip ? withoutOutliers([...behind.flat(), ...shown], OUTLIERS) : null
        this.markers = view.markers || []
        const looks = lines.map(({ label, colour }, at) => ({ label, colour, behind: behind[at].length }))
        const shape = JSON.stringify([view.xLabel, log, looks])
        if (shape !== this.shape) this.build(looks, view)
        this.shape = shape
        this.plot.setData([xs, ...behind.flat(), ...shown])
    }

    /** `looks` says of each line how it looks, and how many series lie behind it: none, itself, or a band's two edges. */
    build(looks, { log, xLabel }) {
        const colour = (name) => getComputedStyle(document.body).getPropertyValue(name).trim() || "#888"
        const quiet = colour("--red-ui-secondary-text-color")
        const grid = { stroke: colour("--red-ui-secondary-border-color"), width: 1 }
        const axis = { stroke: quiet, grid, ticks: { ...grid, size: 4 }, font: "11px sans-serif" }
        const { words, onselect, onreset, height, legend } = this.options
        const common = { points: { show: false }, spanGaps: true, value: (_plot, value) => words(value) }
        const series = [{ label: xLabel, value: (_plot, value) => words(value) }]
        const bands = []
        for (const { colour: stroke, behind } of looks) {
            const edge = behind === 2
            if (edge) bands.push({ series: [series.length + 1, series.length], fill: faint(stroke) })
            for (let at = 0; at < behind; at++) {
                series.push({ ...common, label: "", stroke, width: edge ? 0 : 1, alpha: edge ? 1 : PALE })
            }
        }
        const hidden = series.length - 1
        for (const { label, colour: stroke } of looks) series.push({ ...common, label, stroke, width: 1.6 })
        this.plot?.destroy()
        this.plot = new uPlot(
            {
                width: this.width(),
                height,
                scales: {
                    x: { time: false },
                    y: { distr: log ? 3 : 1, range: (_plot, low, high) => this.rangeOf(low, high, log) }
                },
                axes: [
                    { ...axis, size: 26, gap: 2 },
                    {
                        ...axis,
                        size: 46,
                        gap: 2,
                        values: (_plot, splits) => splits.map((at) => (at === null ? "" : words(at)))
                    }
                ],
                series,
                bands,
                cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
                legend: { show: legend },
                hooks: {
                    setSelect: [
                        (plot) => {
                            if (plot.select.width < NARROWEST) return
                            const from = plot.posToVal(plot.select.left, "x")
                            const to = plot.posToVal(plot.select.left + plot.select.width, "x")
                            plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false)
                            onselect(from, to)
                        }
                    ],
                    draw: [(plot) => this.drawMarkers(plot, quiet)],
                    ready: [(plot) => plot.over.addEventListener("dblclick", onreset)]
                }
            },
            series.map(() => []),
            this.place
        )
        // What lies behind needs no entry of its own in the legend.
        for (const row of [...this.place.querySelectorAll(".u-series")].slice(1, 1 + hidden)) row.hidden = true
    }

    rangeOf(low, high, log) {
        if (this.range) return this.range
        if (low === null) return log ? [0.1, 1] : [0, 1]
        if (log) return [low / 1.1, high * 1.1]
        const room = (high - low) * 0.05 || Math.abs(high) * 0.5 || 0.5
        return [low - room, high + room]
    }

    /** Thin upright lines where something about the training was changed. */
    drawMarkers(plot, colour) {
        const { ctx, bbox } = plot
        ctx.save()
        ctx.strokeStyle = colour
        ctx.setLineDash([3, 3])
        for (const x of this.markers) {
            const at = Math.round(plot.valToPos(x, "x", true))
            if (at < bbox.left || at > bbox.left + bbox.width) continue
            ctx.beginPath()
            ctx.moveTo(at, bbox.top)
            ctx.lineTo(at, bbox.top + bbox.height)
            ctx.stroke()
        }
        ctx.restore()
    }

    close() {
        this.resizing.disconnect()
        this.plot?.destroy()
    }
}

const faint = (colour) => `color-mix(in srgb, ${colour} 22%, transparent)`
