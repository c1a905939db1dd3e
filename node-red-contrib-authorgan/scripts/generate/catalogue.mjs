import fs from "node:fs"
import path from "node:path"

/** The kinds of catalogue entries that the palette offers a choice of. */
const KINDS = [
    "datasets",
    "generators",
    "discriminators",
    "losses",
    "regularizers",
    "optimizers",
    "processes",
    "schedules",
    "initializers",
    "metrics",
    "layers"
]

/** What the palette computes with; titles, descriptions and help are texts, and texts live in locales. */
const TEXTS = ["title", "description", "unit"]

/** @returns {{ [kind: string]: { [name: string]: object } }} entries as the catalogue has them, in alphabetical order */
export function readCatalogue(folder) {
    return Object.fromEntries(
        KINDS.map((kind) => {
            const names = fs.existsSync(path.join(folder, kind)) ? fs.readdirSync(path.join(folder, kind)) : []
            const files = names.filter((name) => name.endsWith(".json")).sort()
            const read = (file) => JSON.parse(fs.readFileSync(path.join(folder, kind, file), "utf8"))
            return [kind, Object.fromEntries(files.map(read).map((entry) => [entry.name, entry]))]
        })
    )
}

/** { kind: { name: { required, parameters: { name: schema } } } }, without texts. */
export function reduced(catalogue) {
    const schemaOf = (schema) => Object.fromEntries(Object.entries(schema).filter(([key]) => !TEXTS.includes(key)))
    const mapValues = (object, change) => Object.fromEntries(Object.entries(object).map(([k, v]) => [k, change(v)]))
    return mapValues(catalogue, (entries) =>
        mapValues(entries, ({ parameters, ...entry }) => ({
            ...(entry.inputs && { category: entry.category, inputs: entry.inputs }),
            required: parameters.required,
            parameters: mapValues(parameters.properties, schemaOf)
        }))
    )
}
