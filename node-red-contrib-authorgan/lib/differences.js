/** What differs between specs. Pure. */

/** Derived from the rest, or of the drawing rather than of what it means. */
const LEFT_OUT = new Set(["name", "description", "notes", "node_id", "parameter_count", "output_shape", "outputs"])
/** The layers of a family follow from its parameters; a hundred of their numbers would bury those. */
const isDerived = (key, parent) => LEFT_OUT.has(key) || (key === "layers" && parent.choice !== "custom")

/** { "/data/choice": "digits", … } of everything that was chosen. */
function flat(value, pointer = "", found = {}) {
    if (value === null || typeof value !== "object") {
        found[pointer] = value
        return found
    }
    for (const [key, inner] of Object.entries(value)) {
        if (!isDerived(key, value)) flat(inner, `${pointer}/${key}`, found)
    }
    return found
}

/**
 * @param {object[]} specs  resolved specs
 * @returns {{ pointer: string, values: unknown[] }[]} every place where they are not all the same; undefined where a
 *     spec has nothing there
 */
function differences(specs) {
    const all = specs.map((spec) => flat(spec))
    const pointers = [...new Set(all.flatMap((one) => Object.keys(one)))]
    return pointers
        .map((pointer) => ({ pointer, values: all.map((one) => one[pointer]) }))
        .filter(({ values }) => values.some((value) => value !== values[0]))
}

module.exports = { differences }
