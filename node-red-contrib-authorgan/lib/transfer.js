/**
 * What a network takes over from an earlier run, layer by layer: its node's `weights` and `frozen`. Pure, and shared by
 * the runtime and the editor.
 */

/** Of a pattern: a set such as `[abc]` or `[!0-9]`, or one letter. */
const PARTS = /\[(!?)(\]?[^\]]*)\]|[\s\S]/g

/** A pattern of `frozen` as the spec reads it: `*` is any letters, `?` one, `[ab]` one of some, `[!ab]` of all others. */
function expressionOf(pattern) {
    const parts = pattern.replace(PARTS, (part, not, letters) => {
        if (part === "*") return ".*"
        if (part === "?") return "."
        return letters === undefined ? escaped(part) : setOf(letters, not)
    })
    return new RegExp(`^${parts}$`, "s")
}

const escaped = (letters) => letters.replace(/[\\^$.*+?()[\]{}|-]/g, "\\$&")

/** A range that runs backwards holds nothing. */
function setOf(letters, not) {
    const forward = letters.replace(/(.)-(.)/gs, (range, first, last) => (first > last ? "" : range))
    const ranges = forward.split(/(?<=.)-(?=.)/s).map(escaped)
    return `[${not && "^"}${ranges.join("-")}]`
}

/** Whether the id of a layer fits a pattern of `frozen`. */
const fits = (pattern, id) => expressionOf(pattern).test(id)

/** What a generator or discriminator node says of earlier weights, as keys of its module; only what it says. */
function transferOf({ weights, frozen }) {
    const found = {}
    if (frozen?.length > 0) found.frozen = [...frozen]
    if (weights?.job)
        found.weights = { job: weights.job, ...(weights.replace?.length > 0 && { replace: weights.replace }) }
    return found
}

const describes = ({ type, parameter_count: count }) => `${type} ${count}`
const learns = ({ parameter_count: count }) => count > 0

/**
 * The layers with weights of a network, and of the run that it starts from, which are not all the same.
 *
 * @param {object[]} here  layers of the network as the service resolved them, without what `frozen` says
 * @param {object[] | null} there  those of the run; null where the network starts anew, or the run is not known
 * @param {{ weights, frozen }} said  what the node says
 * @returns {object[]}  { id, here, there, misfit, anew, frozen, fixed }: the layer on either side or null; whether its
 *     weights can not be taken over; whether it starts anew, keeps its weights, and does so by its own node
 */
function rowsOf(here, there, { weights, frozen = [] }) {
    const [own, stored] = [here, there || []].map((some) => new Map(some.filter(learns).map((each) => [each.id, each])))
    const anew = new Set(weights?.replace)
    // What fits no layer is a row too, so that it can be taken out.
    const lost = frozen.filter((pattern) => ![...own.keys()].some((id) => fits(pattern, id)))
    const ids = new Set([...own.keys(), ...stored.keys(), ...anew, ...lost])
    return [...ids].map((id) => {
        const [mine, theirs] = [own.get(id) || null, stored.get(id) || null]
        const fixed = mine?.trainable === false
        return {
            ...{ id, here: mine, there: theirs, fixed },
            misfit: there !== null && !(mine && theirs && describes(mine) === describes(theirs)),
            anew: anew.has(id),
            frozen: fixed || frozen.includes(id) || frozen.some((pattern) => mine && fits(pattern, id))
        }
    })
}

/**
 * What a node says once its rows were ticked: patterns stay as long as every layer that they fit is frozen.
 * @param {string} job  id of the run to start from, or ""
 * @param {object[]} rows  as of `rowsOf`
 * @param {string[]} patterns  what was frozen before
 */
function saidBy(job, rows, patterns = []) {
    const isFrozen = new Map(rows.filter(({ fixed }) => !fixed).map(({ id, frozen }) => [id, frozen]))
    const fitting = (pattern) => [...isFrozen].filter(([id]) => fits(pattern, id))
    const kept = patterns.filter((pattern) => {
        const found = fitting(pattern)
        return found.length > 0 && found.every(([, frozen]) => frozen)
    })
    const others = [...isFrozen]
        .filter(([id, frozen]) => frozen && !kept.some((pattern) => fits(pattern, id)))
        .map(([id]) => id)
    const replace = rows.filter(({ anew }) => anew).map(({ id }) => id)
    return { weights: job ? { job, replace } : null, frozen: [...kept, ...others] }
}

module.exports = { fits, transferOf, rowsOf, saidBy }
