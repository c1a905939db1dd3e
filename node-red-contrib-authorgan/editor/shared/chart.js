/** The arithmetic of a small line chart. Pure. */

/** Losses jump now and then; the axis leaves out this share of the values at each end, so that one jump flattens nothing. */
const OUTLIERS = 0.01

/** @returns {{ low: number, high: number, words: (value: number) => string }} the range of an axis for these values */
export function axis(values) {
    const sorted = values.filter(Number.isFinite).sort((a, b) => a - b)
    const at = (share) => sorted[Math.round(share * (sorted.length - 1))]
    let low = sorted.length > 0 ? at(OUTLIERS) : 0
    let high = sorted.length > 0 ? at(1 - OUTLIERS) : 1
    // Zero is where a network has won; it belongs on the axis unless everything happens far from it.
    if (low > 0 && low < high) low = 0
    if (low === high) [low, high] = [low - 0.5, high + 0.5]
    const digits = high - low >= 20 ? 0 : high - low >= 2 ? 1 : 2
    return { low, high, words: (value) => value.toFixed(digits) }
}

/** The `d` of a line through [step, …values] points, clipped to the plot. */
export function linePath(points, column, { low, high }, { left, top, width, height }) {
    if (points.length === 0) return ""
    const first = points[0][0]
    const span = Math.max(1, points.at(-1)[0] - first)
    const x = (step) => left + ((step - first) / span) * width
    const y = (value) => top + (1 - (Math.min(high, Math.max(low, value)) - low) / (high - low)) * height
    const finite = points.filter((point) => Number.isFinite(point[column]))
    return finite
        .map((point, at) => `${at === 0 ? "M" : "L"} ${x(point[0]).toFixed(1)} ${y(point[column]).toFixed(1)}`)
        .join(" ")
}
