/** The arithmetic of reading a noisy curve. Pure; x grows, y may hold nulls where nothing was measured. */

/** Smoothing is told for a curve drawn this many points wide, so that it looks the same whatever the zoom. */
const RESOLUTION = 1000

/**
 * Time-weighted exponential moving average: what is left of a value shrinks with the distance in x, not with the number
 * of values between, so a thinned curve is smoothed like the whole one.
 *
 * @param {number[]} xs
 * @param {(number|null)[]} ys
 * @param {number} weight  0 (as it is) to just below 1: what is left of a value after a thousandth of the width
 */
function exponential(xs, ys, weight) {
    if (weight <= 0 || xs.length === 0) return ys
    const unit = (xs.at(-1) - xs[0]) / RESOLUTION || 1
    const average = new Exponential((distance) => weight ** (distance / unit))
    return ys.map((y, at) => average.next(xs[at], y))
}

/** The same point by point, for a curve that is still growing. */
class Exponential {
    /** @param {(distance: number) => number} left  what is left of a value at that distance in x, 1 at none */
    constructor(left) {
        this.left = left
        this.sum = 0
        this.mass = 0
        this.before = null
    }

    /** The average at x, or null where y is no number. */
    next(x, y) {
        if (!Number.isFinite(y)) return null
        const left = this.left(x - (this.before ?? x))
        this.before = x
        this.sum = left * this.sum + y
        this.mass = left * this.mass + 1
        return this.sum / this.mass
    }
}

/**
 * The mean of everything within half a window to either side.
 *
 * @param {number} share  the window as a share of the width, 0 to 1
 */
function rolling(xs, ys, share) {
    if (share <= 0 || xs.length === 0) return ys
    const half = ((xs.at(-1) - xs[0]) * share) / 2
    const values = ys.map((y) => (Number.isFinite(y) ? y : 0))
    const counts = ys.map((y) => (Number.isFinite(y) ? 1 : 0))
    let sum = 0
    let count = 0
    let from = 0
    let to = 0
    return xs.map((x, at) => {
        for (; to < xs.length && xs[to] <= x + half; to++) {
            sum += values[to]
            count += counts[to]
        }
        for (; xs[from] < x - half; from++) {
            sum -= values[from]
            count -= counts[from]
        }
        return counts[at] ? sum / count : null
    })
}

/** The range of y that leaves out this share of the values at either end; [low, high], or null without any. */
function withoutOutliers(columns, share) {
    const sorted = columns
        .flat()
        .filter(Number.isFinite)
        .sort((a, b) => a - b)
    if (sorted.length === 0) return null
    const at = (part) => sorted[Math.round(part * (sorted.length - 1))]
    const [low, high] = [at(share), at(1 - share)]
    return low < high ? [low, high] : [low - 0.5, high + 0.5]
}

module.exports = { Exponential, exponential, rolling, withoutOutliers }
