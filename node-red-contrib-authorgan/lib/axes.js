/** An axis of parallel coordinates: where each of some values stands on it, from 0 to 1. Pure. */

/** Positive numbers that span more than so many times the least are set out by their size, not their difference. */
const LOGARITHMIC_FROM = 50
/** Least and greatest leave room at the ends, so that a handle there hides no line. */
const MARGIN = 0.04

const inside = (share) => MARGIN + share * (1 - 2 * MARGIN)

/**
 * @param {any[]} values  one a run; numbers, or anything else to tell apart; null and undefined: it has none
 * @returns {{ numeric: boolean, ticks: { value: any, at: number }[], place: (value: any) => number|null,
 *     valueAt: (at: number) => any }}
 *     `place` gives null for what a run does not have; `ticks` are the ends of numbers, or each of the other values;
 *     `valueAt` is the number at a place, or the value nearest to it
 */
function axisOf(values) {
    const known = values.filter((value) => value !== null && value !== undefined)
    return known.length > 0 && known.every((value) => Number.isFinite(value)) ? ofNumbers(known) : ofChoices(known)
}

function ofNumbers(known) {
    const [low, high] = [Math.min(...known), Math.max(...known)]
    const same = (value) => value
    const [scale, back] = low > 0 && high / low > LOGARITHMIC_FROM ? [Math.log, Math.exp] : [same, same]
    const width = scale(high) - scale(low)
    const place = (value) =>
        Number.isFinite(value) ? inside(width > 0 ? (scale(value) - scale(low)) / width : 0.5) : null
    const ends = width > 0 ? [low, high] : [low]
    const valueAt = (at) => back(scale(low) + Math.min(1, Math.max(0, (at - MARGIN) / (1 - 2 * MARGIN))) * width)
    return { numeric: true, ticks: ends.map((value) => ({ value, at: place(value) })), place, valueAt }
}

function ofChoices(known) {
    const key = (value) => JSON.stringify(value)
    const choices = [...new Map(known.map((value) => [key(value), value])).values()]
    const position = new Map(
        choices.map((value, at) => [key(value), inside(choices.length > 1 ? at / (choices.length - 1) : 0.5)])
    )
    const place = (value) => position.get(key(value)) ?? null
    const ticks = choices.map((value) => ({ value, at: place(value) }))
    const valueAt = (at) => ticks.toSorted((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at))[0]?.value
    return { numeric: false, ticks, place, valueAt }
}

/**
 * Which runs lie within what was chosen on every axis. A run that lacks a value is outside of a chosen stretch of it.
 *
 * @param {(number|null)[][]} places  of each axis the place of each run
 * @param {([number, number]|null)[]} stretches  of each axis what was chosen; null: all of it
 * @returns {boolean[]} one a run
 */
function within(places, stretches) {
    const count = places[0]?.length ?? 0
    return Array.from({ length: count }, (_, run) =>
        stretches.every((stretch, axis) => {
            if (!stretch) return true
            const at = places[axis][run]
            return at !== null && at >= stretch[0] && at <= stretch[1]
        })
    )
}

module.exports = { axisOf, within, MARGIN }
