/**
 * Parameters as people type them: text to value and back, and what is wrong in words. Pure, shared with the editor.
 *
 * A schema is a parameter's entry in the catalogue: a small part of JSON Schema (type, enum, bounds, items).
 * What is wrong is { code, values }; the words for it are in the locale under `reason`.
 */

/**
 * The kind of control that a parameter needs: integer, number, boolean, text, list, choice or module; and, of layers,
 * size (3, or 3, 4), edges (also [[1, 1], [2, 2]]), axes (-1, or 1, 2) and layer (the name of a layer, with parameters).
 */
function kindOf(schema) {
    if (schema.format?.startsWith("module:")) return "module"
    if (schema.format) return schema.format.replace(/_\dd$/, "")
    if (schema.enum) return "choice"
    const type = [schema.type].flat()[0]
    return { array: "list", string: "text" }[type] || type
}

/** The catalogue folder that the entries of a `module` parameter come from. */
const moduleKind = (schema) => schema.format.slice("module:".length)

/**
 * Reads what was typed. An empty text is no value: the default rules.
 * @returns {{ value?: any, wrong?: { code: string, values: object } }}
 */
function parse(text, schema) {
    const typed = String(text ?? "").trim()
    if (typed === "") return {}
    const value = READERS[kindOf(schema)](typed, schema)
    if (value === undefined) return { wrong: { code: kindOf(schema), values: { value: typed } } }
    const wrong = check(value, schema)
    return wrong ? { wrong } : { value }
}

const number = (typed) => (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(typed) ? Number(typed) : undefined)

const READERS = {
    number,
    integer: (typed) => {
        const value = number(typed)
        return Number.isInteger(value) ? value : undefined
    },
    boolean: (typed) => ({ true: true, false: false })[typed],
    text: (typed) => typed,
    choice: (typed, schema) => schema.enum.find((option) => String(option) === typed),
    list: (typed, schema) => {
        const items = typed.replace(/^\[|\]$/g, "").split(/[\s,;]+/)
        const values = items.filter(Boolean).map((item) => READERS[kindOf(schema.items)](item, schema.items))
        return values.includes(undefined) ? undefined : values
    },
    size: (typed) => oneOrList(typed),
    axes: (typed) => oneOrList(typed),
    edges: (typed) => (typed.includes("[[") ? parsed(typed) : oneOrList(typed)),
    layer: (typed) => typed
}

/** "3" -> 3, "3, 4" or "[3, 4]" -> [3, 4]. */
function oneOrList(typed) {
    const values = READERS.list(typed, { items: { type: "integer" } })
    return values?.length === 1 && !typed.startsWith("[") ? values[0] : values
}

function parsed(typed) {
    try {
        return JSON.parse(typed)
    } catch {
        return undefined
    }
}

/** The text that `parse` would read as this value. */
const format = (value) =>
    value === null || value === undefined
        ? ""
        : Array.isArray(value) && !value.some(Array.isArray)
          ? value.join(", ")
          : typeof value === "object"
            ? JSON.stringify(value)
            : `${value}`

/** What is wrong with a value, or null. */
function check(value, schema) {
    if (value === null && ([schema.type].flat().includes("null") || schema.default === null)) return null
    const kind = kindOf(schema)
    if (kind === "choice") {
        return schema.enum.includes(value) ? null : { code: kind, values: { value, options: schema.enum.join(", ") } }
    }
    if (!IS[kind](value, schema)) return { code: kind, values: { value: format(value) } }
    if (kind === "list") return checkList(value, schema)
    for (const number of [value].flat(Infinity)) {
        const wrong = checkBounds(number, schema)
        if (wrong) return wrong
    }
    return null
}

function checkBounds(value, schema) {
    for (const [bound, holds] of BOUNDS) {
        if (schema[bound] !== undefined && !holds(value, schema[bound])) {
            return { code: bound, values: { value, bound: schema[bound] } }
        }
    }
    return null
}

const IS = {
    integer: Number.isInteger,
    number: Number.isFinite,
    boolean: (value) => typeof value === "boolean",
    text: (value) => typeof value === "string",
    list: Array.isArray,
    size: (value, { format }) => isSize(value, format),
    edges: (value, { format }) =>
        isSize(value, format) ||
        (format === "edges_2d" && isListOf(value, 2, (row) => isSize(row, "edges_1d")) && value.some(Array.isArray)),
    axes: (value) => Number.isInteger(value) || (isListOf(value, value.length, Number.isInteger) && value.length > 0),
    layer: (value) => typeof value === "string" || typeof value?.type === "string"
}

/** How many numbers a size may be written with, one an axis, instead of one for all. */
const RANKS = { size_1d: 1, size_2d: 2, size_3d: 3, edges_1d: 2, edges_2d: 2 }

const isListOf = (value, count, holds) => Array.isArray(value) && value.length === count && value.every(holds)
const isSize = (value, format) => Number.isInteger(value) || isListOf(value, RANKS[format], Number.isInteger)

function checkList(items, schema) {
    if (items.length < (schema.minItems ?? 0)) return { code: "minItems", values: { bound: schema.minItems } }
    if (items.length > (schema.maxItems ?? items.length))
        return { code: "maxItems", values: { bound: schema.maxItems } }
    if (schema.uniqueItems && new Set(items).size < items.length) return { code: "uniqueItems", values: {} }
    for (const item of items) {
        const wrong = check(item, schema.items)
        if (wrong) return wrong
    }
    return null
}

const BOUNDS = [
    ["minimum", (value, bound) => value >= bound],
    ["maximum", (value, bound) => value <= bound],
    ["exclusiveMinimum", (value, bound) => value > bound],
    ["exclusiveMaximum", (value, bound) => value < bound]
]

/** Bounds beyond this are there for the machine; to a reader they mean "none". */
const UNBOUNDED = 1e9

/** "1 … 4096", "≥ 0, < 1" or "": the bounds of a number in signs that need no translation. */
function bounds(schema) {
    const at = schema.items || schema
    const low = at.minimum ?? at.exclusiveMinimum
    const high = (at.maximum ?? at.exclusiveMaximum) < UNBOUNDED ? (at.maximum ?? at.exclusiveMaximum) : undefined
    if (at.minimum !== undefined && at.maximum < UNBOUNDED) return `${low} … ${high}`
    const parts = []
    if (low !== undefined) parts.push(`${at.minimum === undefined ? ">" : "≥"} ${low}`)
    if (high !== undefined) parts.push(`${at.maximum === undefined ? "<" : "≤"} ${high}`)
    return parts.join(", ")
}

/**
 * Everything wrong with a module's parameters: [{ parameter, code, values }].
 * @param {object} catalogue  { kind: { name: { required: [name], parameters: { name: schema } } } }
 */
function checkModule(catalogue, kind, choice, parameters) {
    const entry = catalogue[kind]?.[choice]
    if (!entry) return [{ parameter: "choice", code: "unknownChoice", values: { value: choice } }]
    const missing = entry.required.filter((name) => parameters?.[name] === undefined)
    const wrong = missing.map((parameter) => ({ parameter, code: "required", values: {} }))
    for (const [name, value] of Object.entries(parameters || {})) {
        const schema = entry.parameters[name]
        if (!schema) {
            wrong.push({ parameter: name, code: "unknownParameter", values: {} })
        } else if (kindOf(schema) === "module") {
            const { choice: inner, ...rest } = typeof value === "string" ? { choice: value } : value
            wrong.push(...checkModule(catalogue, moduleKind(schema), inner, rest))
        } else if (kindOf(schema) === "layer" && IS.layer(value)) {
            const { type, ...rest } = typeof value === "string" ? { type: value } : value
            wrong.push(...checkModule(catalogue, "layers", type, rest))
        } else {
            const found = check(value, schema)
            if (found) wrong.push({ parameter: name, ...found })
        }
    }
    return wrong
}

module.exports = { kindOf, moduleKind, parse, format, check, bounds, checkModule }
