/** Sums of classes and points of the noise as one writes them: "8 - 3 + seed 4". Pure, shared by runtime and editor. */

const TERM = /\s*([+-])\s*(seed\s+)?(\d+)(?=\s*(?:[+-]|$))/gy

/**
 * @param {string} text  classes by number, points as "seed 4", signs between them
 * @returns {{ label?: number, seed?: number, sign: 1|-1 }[] | null}  null where it is no such sum
 */
function termsOf(text) {
    const trimmed = String(text ?? "")
        .trim()
        .replaceAll("−", "-")
    if (trimmed === "") return []
    const signed = /^[+-]/.test(trimmed) ? trimmed : `+${trimmed}`
    const terms = []
    let end = 0
    for (const [all, sign, seed, number] of signed.matchAll(TERM)) {
        end += all.length
        terms.push({ [seed ? "seed" : "label"]: Number(number), sign: sign === "+" ? 1 : -1 })
    }
    return end === signed.length ? terms : null
}

module.exports = { termsOf }
