/** What the dialog of a sweep node says, as the service's `grid` and `pairs`. Pure, and shared by the runtime and the editor. */
const catalogue = require("./catalogue.json")
const { CUSTOM, KINDS, NETWORKS } = require("./modules")

/**
 * @param {{ rows: { pointer: string, values: string }[], generator: string, discriminator: string }} dialog
 *     values are a JSON list, the networks names separated by commas
 * @returns {{ grid: object, pairs: object, wrong: { code: string, values: object }[] }}
 */
function axesOf({ rows = [], ...names }) {
    const grid = {}
    const pairs = {}
    const wrong = []
    const tell = (code, values = {}) => wrong.push({ code, values })
    for (const { pointer: typed, values } of rows) {
        const pointer = typed.trim()
        const list = listIn(values)
        if (!/^\/[^/]/.test(pointer)) tell("pointer", { pointer })
        else if (Object.hasOwn(grid, pointer)) tell("twice", { pointer })
        else if (!list) tell("list", { pointer, values })
        else grid[pointer] = list
    }
    for (const network of NETWORKS) {
        const chosen = namesIn(names[network])
        const known = Object.keys(catalogue[KINDS[network]]).filter((name) => name !== CUSTOM)
        for (const name of chosen.filter((each) => !known.includes(each))) {
            tell("family", { name, network, known: known.join(", ") })
        }
        if (chosen.length === 0) continue
        pairs[network] = chosen
        if (Object.hasOwn(grid, `/${network}`)) tell("twice", { pointer: `/${network}` })
    }
    return { grid, pairs, wrong }
}

const namesIn = (text) => [
    ...new Set(
        String(text ?? "")
            .split(",")
            .map((name) => name.trim())
            .filter(Boolean)
    )
]

/** The list that a text is in JSON, if it has anything in it; else null. */
function listIn(text) {
    try {
        const list = JSON.parse(text)
        return Array.isArray(list) && list.length > 0 ? list : null
    } catch {
        return null
    }
}

/** Whether such axes let anything vary. */
const varies = ({ grid, pairs }) => Object.keys(grid).length + Object.keys(pairs).length > 0

module.exports = { axesOf, varies }
