/** A line chart of a run's numbers over its steps: uPlot, in the editor's colours. */
import uPlot from "uplot"
import "uplot/dist/uPlot.min.css"
import { exponential, rolling, withoutOutliers } from "../../lib/smoothing.js"

/** The axis leaves out this share of the values at either end, while outliers are clipped. */
const OUTLIERS = 0.01
const HEIGHT = 220

/** @typedef {{ label: string, colour: string, values: (number|null)[] }} Line */

export class Chart {
    /**
     * @param {HTMLElement} place
     * @param {object} options
     * @param {(from: number, to: number) => void} options.onselect  a range of x was drawn
     * @param {() => void} options.onreset  a double click
     */
    constructor(place, { onselect, onreset, height = HEIGHT, words = (value) => `${value}` }) {
        this.place = place
        this.options = { onselect, onreset, height, words }
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
     * Draws lines over common xs. Where they are smoothed the original stays visible, paler.
     *
     * @param {number[]} xs
     * @param {Line[]} lines
     * @param {{ smoothing: "exponential"|"rolling"|"none", amount: number, clip: boolean, log: boolean, xLabel: string, markers?: { x: number, label: string }[] }} view
     */
    draw(xs, lines, view) {
        const smooth = view.smoothing === "rolling" ? rolling : exponential
        const smoothed = view.smoothing !== "none" && view.amount > 0
        const above = (values) => (view.log ? values.map((value) => (value > 0 ? value : null)) : values)
        const raw = lines.map(({ values }) => above(values))
        const shown = smoothed ? lines.map(({ values }) => above(smooth(xs, values, view.amount))) : []
        this.range = view.clip ? withoutOutliers(smoothed ? [...raw, ...shown] : raw, OUTLIERS) : null
        this.markers = view.markers || []
        this.xLabel = view.xLabel
        const shape = JSON.stringify([
            view.xLabel,
            lines.map(({ label, colour }) => [label, colour]),
            smoothed,
            view.log
        ])
        if (shape !== this.shape) this.build(lines, smoothed, view.log)
        this.shape = shape
        this.plot.setData([xs, ...raw, ...shown])
    }

    build(lines, smoothed, log) {
        const colour = (name) => getComputedStyle(document.body).getPropertyValue(name).trim() || "#888"
        const quiet = colour("--red-ui-secondary-text-color")
        const grid = { stroke: colour("--red-ui-secondary-border-color"), width: 1 }
        const axis = { stroke: quiet, grid, ticks: { ...grid, size: 4 }, font: "11px sans-serif" }
        const { words, onselect, onreset, height } = this.options
        const line = ({ label, colour: stroke }, pale) => ({
            label,
            stroke,
            width: pale ? 1 : 1.6,
            alpha: pale ? 0.28 : 1,
            points: { show: false },
            spanGaps: true,
            value: (_plot, value) => words(value)
        })
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
                series: [
                    { label: this.xLabel, value: (_plot, value) => words(value) },
                    ...lines.map((one) => line(smoothed ? { ...one, label: "" } : one, smoothed)),
                    ...(smoothed ? lines.map((one) => line(one, false)) : [])
                ],
                cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
                legend: { live: true },
                hooks: {
                    setSelect: [
                        (plot) => {
                            if (plot.select.width < 4) return
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
            [[], ...lines.map(() => []), ...(smoothed ? lines.map(() => []) : [])],
            this.place
        )
        // The pale originals need no entry of their own in the legend.
        if (smoothed) {
            for (const row of [...this.place.querySelectorAll(".u-series")].slice(1, 1 + lines.length))
                row.hidden = true
        }
    }

    rangeOf(low, high, log) {
        if (this.range) return this.range
        if (low === null) return log ? [0.1, 1] : [0, 1]
        if (log) return [low / 1.1, high * 1.1]
        const room = (high - low) * 0.05 || 0.5
        return [low - room, high + room]
    }

    /** Thin upright lines where something about the training was changed. */
    drawMarkers(plot, colour) {
        const { ctx, bbox } = plot
        ctx.save()
        ctx.strokeStyle = colour
        ctx.setLineDash([3, 3])
        for (const { x } of this.markers) {
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
