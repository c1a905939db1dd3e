/** The parts of a dialog, a locale and a help page that come from catalogue entries. */
import fields from "../../lib/fields.js"

const escapeHtml = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;")
const mapValues = (object, change) => Object.fromEntries(Object.entries(object).map(([k, v]) => [k, change(v)]))

/** <option> elements of a choice between entries whose texts lie at `path` in the locale. */
export const choiceOptions = (entries, path) =>
    Object.keys(entries)
        .map((name) => `<option value="${name}" data-i18n="${path}.${name}.title"></option>`)
        .join("")

/**
 * One section for each entry, with a row for each of its parameters. The editor shows the section that is chosen.
 * @param {(path: string) => string} [head]  what stands first in a section
 */
export function choiceSections(catalogue, entries, path, head = () => "") {
    const sections = Object.entries(entries).map(([name, entry]) => {
        const at = `${path}.${name}`
        return [
            `<section class="authorgan-choice" data-choice="${name}">${head(at)}`,
            `<p class="authorgan-summary" data-i18n="${at}.summary"></p>`,
            ...parameterRows(catalogue, entry, at),
            "</section>"
        ].join("\n")
    })
    return sections.join("\n")
}

/** A box to tick, for entries of which several may be chosen. */
export const tickBox = (path) =>
    `<label class="authorgan-tick"><input type="checkbox"> <span data-i18n="${path}.title"></span></label>`

/** Boxes to tick, one an entry, with what it is and without its parameters. */
export const tickList = (entries, path) =>
    Object.keys(entries)
        .map((name) => {
            const summary = `<span class="authorgan-meaning" data-i18n="${path}.${name}.summary"></span>`
            return `<li data-choice="${name}">${tickBox(`${path}.${name}`)}${summary}</li>`
        })
        .join("\n")

/** The texts of such a list. */
export const titlesOf = (entries) => mapValues(entries, ({ title, summary }) => ({ title, summary }))

/** The parameters of an entry that leave a choice: one of a single value is a statement, not a question. */
const parametersOf = (entry) =>
    Object.entries(entry.parameters.properties).filter(([, schema]) => schema.enum?.length !== 1)

/** One row for each parameter of an entry. */
function parameterRows(catalogue, entry, path) {
    return parametersOf(entry).map(([name, schema]) => {
        const at = `${path}.parameters.${name}`
        const nested = fields.kindOf(schema) === "module" ? fields.moduleKind(schema) : null
        const unit = schema.unit ? `<span class="authorgan-unit" data-i18n="${at}.unit"></span>` : ""
        const range = fields.bounds(schema)
        const bounds = range ? `<span class="authorgan-bounds">${escapeHtml(range)}</span>` : ""
        const lines = [
            `<div class="form-row authorgan-field" data-field="${name}">`,
            `<label for="${idOf(at)}" data-i18n="${at}.title"></label>`,
            `<div class="authorgan-value">${control(catalogue, schema, at)}${unit}${bounds}</div>`,
            `<div class="authorgan-meaning" data-i18n="${at}.description"></div>`
        ]
        if (nested) {
            const sections = choiceSections(catalogue, catalogue[nested], `${at}.choices`)
            lines.push(`<div class="authorgan-module" data-kind="${nested}">`, sections, "</div>")
        }
        // The fields of the layer that is chosen are those of its own dialog; the editor puts them here.
        if (fields.kindOf(schema) === "layer") lines.push('<div class="authorgan-module" data-kind="layers"></div>')
        return [...lines, "</div>"].join("\n")
    })
}

/** The layers that a wrapper may hold: those that its schema lists, or all that take one input. */
const innerLayers = ({ layers }, { types }) =>
    types || Object.keys(layers).filter((name) => layers[name].inputs.min === 1)

const idOf = (path) => `authorgan-${path.replace(/\W/g, "-")}`

/** An empty control means "the default"; the editor writes into it what the default is. */
function control(catalogue, schema, at) {
    const kind = fields.kindOf(schema)
    const select = (options) => `<select id="${idOf(at)}"><option value=""></option>${options}</select>`
    if (kind === "boolean") {
        return select(
            '<option value="true" data-i18n="label.yes"></option><option value="false" data-i18n="label.no"></option>'
        )
    }
    if (kind === "choice") {
        return select(
            schema.enum.map((value) => `<option value="${escapeHtml(value)}">${escapeHtml(value)}</option>`).join("")
        )
    }
    if (kind === "layer") {
        const options = innerLayers(catalogue, schema).map((name) => `<option value="${name}">${name}</option>`)
        return `<select id="${idOf(at)}">${options.join("")}</select>`
    }
    if (kind === "module") return select(choiceOptions(catalogue[fields.moduleKind(schema)], `${at}.choices`))
    const keyboard = kind === "integer" || kind === "number" ? ' inputmode="decimal"' : ""
    return `<input type="text" id="${idOf(at)}"${keyboard} placeholder="${escapeHtml(fields.format(schema.default))}">`
}

/** The texts of entries for a locale: title and summary of each, title, description and unit of its parameters. */
export function textsOfChoices(catalogue, entries) {
    return mapValues(entries, ({ title, summary, parameters }) => ({
        title,
        summary,
        parameters: mapValues(parameters.properties, (schema) => ({
            title: schema.title,
            description: schema.description,
            ...(schema.unit && { unit: schema.unit }),
            ...(fields.kindOf(schema) === "module" && {
                choices: textsOfChoices(catalogue, catalogue[fields.moduleKind(schema)])
            })
        }))
    }))
}

/** What each entry is and does, for a help page, in Markdown. */
export const helpOfChoices = (entries) =>
    Object.values(entries)
        .map(({ title, summary, help, reference }) => {
            const source = reference ? `\n\nSee [${reference.title}](${reference.url}).` : ""
            return `#### ${title}\n\n${summary}\n\n${help}${source}`
        })
        .join("\n\n")
