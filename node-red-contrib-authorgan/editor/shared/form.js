/** The dialogs: fields that a choice brings with it, read and written as sparse parameters. */
import catalogue from "../../lib/catalogue.json"
import entries from "../../lib/entries.js"
import fields from "../../lib/fields.js"
import modules from "../../lib/modules.js"
import { layerAt, resolvedOf } from "./answers.js"
import { askDrivers } from "./asking.js"
import * as capabilities from "./capabilities.js"
import * as exportSpec from "./export-spec.js"
import * as metrics from "./metrics.js"
import { text } from "./texts.js"
import * as transfer from "./transfer.js"
import * as unfold from "./unfold.js"

const { nodeType } = entries
const { NETWORKS, entryOf, roleOf } = modules

/* ---- module nodes ------------------------------------------------------------------------------------------------ */

export function prepare(node) {
    const choice = $("#node-input-choice")
    const module = $("#authorgan-parameters")
    fill(module, { [node.choice]: node.parameters }, resolvedOf(node)?.module)
    choice.on("change", () => show(module, choice.val()))
    show(module, node.choice)
    if (node.type === "authorgan-loss") prepareRegularizers(node)
    if (NETWORKS.includes(roleOf(node.type))) {
        unfold.prepare(node)
        exportSpec.prepare(node)
        transfer.prepare(node, chosen)
    }
}

/** The module that the open dialog says. */
const chosen = () => {
    const choice = $("#node-input-choice").val()
    return { ...read($("#authorgan-parameters"), choice), choice }
}

export function save(node) {
    const { choice, ...parameters } = chosen()
    node.parameters = parameters
    if (node.type === "authorgan-loss") node.regularizers = readRegularizers()
    if (NETWORKS.includes(roleOf(node.type))) transfer.save(node)
}

/** The dialog of a node that is one layer, loss, regularizer or optimizer has one choice: that. */
export function prepareEntry(node) {
    const { kind, name } = entryOf(node.type)
    const module = $("#authorgan-parameters")
    const found = kind === "layers" ? layerAt(node) : resolvedOf(node)?.module
    // An optimizer of both networks was resolved once for each, and alike.
    const known = kind === "optimizers" ? found?.generator || found : found
    fill(module, { [name]: node.parameters }, { ...known, choice: name })
    show(module, name)
    prepareFrozen(node, kind === "layers" ? found : null)
}

/** A layer that is frozen in the dialog of its network is let go there. */
function prepareFrozen(node, measured) {
    const isOwn = node.trainable === false
    const byNetwork = !isOwn && measured?.trainable === false
    $("#authorgan-frozen").prop({ checked: isOwn || byNetwork, disabled: byNetwork })
    if (byNetwork) $("#authorgan-frozen-meaning").removeAttr("data-i18n").text(text("transfer.byNetwork"))
}

export function saveEntry(node) {
    const { kind, name } = entryOf(node.type)
    node.parameters = complete(kind, name, read($("#authorgan-parameters"), name))
    if (kind === "layers") node.trainable = !$("#authorgan-frozen:enabled").prop("checked")
}

/** What an entry cannot do without keeps its usual value when its field is emptied. */
function complete(kind, name, given) {
    const { required, parameters } = catalogue[kind][name]
    const usual = required.filter((needed) => parameters[needed].default !== undefined)
    return { ...Object.fromEntries(usual.map((needed) => [needed, parameters[needed].default])), ...given }
}

const sectionsOf = (module) => module.children(".authorgan-choice").toArray()
const show = (module, choice) => {
    for (const section of sectionsOf(module)) $(section).toggle(section.dataset.choice === choice)
}
const schemasOf = (module, choice) => catalogue[module.attr("data-kind")][choice].parameters

/**
 * Puts parameters into the sections of a module's choices, and into every control what an empty one means.
 * @param {object} given  choice -> its parameters
 * @param {object} [resolved]  the module as the service resolved it, which knows more than the catalogue: some defaults
 *                             depend on other modules
 */
function fill(module, given, resolved) {
    for (const section of sectionsOf(module)) {
        const { choice } = section.dataset
        fillSection(module, section, given[choice] || {}, resolved)
    }
}

function fillSection(module, section, parameters, resolved) {
    const { choice } = section.dataset
    for (const row of $(section).children(".authorgan-field").toArray()) {
        const name = row.dataset.field
        const schema = schemasOf(module, choice)[name]
        const known = resolved?.choice === choice && parameters[name] === undefined
        fillField($(row), schema, parameters[name], known ? (resolved[name] ?? schema.default) : schema.default)
    }
}

function fillField(row, schema, value, fallback) {
    const control = row.find("> .authorgan-value > :input")
    if (fields.kindOf(schema) === "module") {
        fillModuleField(row, control, value, fallback)
        return
    }
    if (fields.kindOf(schema) === "layer") {
        fillLayerField(row, control, value ?? fallback)
        return
    }
    if (control.is("select")) {
        control.find('option[value=""]').text(text("default", { value: shown(fallback) }))
    } else {
        control.attr("placeholder", shown(fallback))
    }
    control.val(fields.format(value))
    control.on("input change", () => judge(row, control, schema))
    judge(row, control, schema)
}

/** A parameter that is itself a choice with parameters, such as a schedule. */
function fillModuleField(row, control, value, fallback) {
    const module = row.children(".authorgan-module")
    const { choice = "", ...parameters } = typeof value === "string" ? { choice: value } : value || {}
    const standard = fallback?.choice || fallback
    const title = control.find(`option[value="${standard}"]`).text() || standard
    control.find('option[value=""]').text(text("default", { value: title }))
    control.val(choice)
    fill(module, { [choice]: parameters })
    control.on("change", () => show(module, control.val()))
    show(module, choice)
}

/** The layer inside a wrapper: its type from a list, and below that the fields of its own dialog, wrappers included. */
function fillLayerField(row, control, value) {
    const module = row.children(".authorgan-module")
    const { type, ...parameters } = typeof value === "string" ? { type: value } : value
    // What this palette does not know stays chosen, and is marked by the validation of the node.
    if (control.children(`[value="${type}"]`).length === 0) control.append($("<option>").val(type).text(type))
    const choose = (name, given) => {
        const isThere = sectionsOf(module).some(({ dataset }) => dataset.choice === name)
        if (!isThere && catalogue.layers[name]) fillSection(module, layerSection(name).appendTo(module)[0], given)
        show(module, name)
    }
    control.val(type)
    control.on("change", () => choose(control.val(), {}))
    choose(type, parameters)
}

let sections = 0

/** A copy of the fields in a layer's own dialog, in words, and with ids of its own. */
function layerSection(name) {
    const type = nodeType("layers", name)
    const section = $($(`script[data-template-name="${type}"]`).html()).find(`.authorgan-choice[data-choice="${name}"]`)
    sections += 1
    for (const attribute of ["id", "for"])
        section.find(`[${attribute}]`).attr(attribute, (_, id) => `${id}-inner-${sections}`)
    const namespace = RED.nodes.getType(type).set.id
    section
        .find("[data-i18n]")
        .attr("data-i18n", (_, key) => `${namespace}:${key}`)
        .i18n()
    return section
}

const shown = (value) =>
    value === true ? text("yes") : value === false ? text("no") : fields.format(value?.choice || value) || text("empty")

/** Says under a field what is wrong with what stands in it. */
function judge(row, control, schema) {
    const { wrong } = fields.parse(control.val(), schema)
    control.toggleClass("input-error", Boolean(wrong))
    row.children(".authorgan-reason").remove()
    if (wrong)
        $('<div class="authorgan-reason" role="alert">')
            .text(text(`reason.${wrong.code}`, wrong.values))
            .appendTo(row)
}

/** The parameters that were set in the section of a choice. What cannot be read is kept as typed, and marked. */
function read(module, choice) {
    const parameters = {}
    const section = sectionsOf(module).find(({ dataset }) => dataset.choice === choice)
    for (const row of $(section).children(".authorgan-field").toArray()) {
        const name = row.dataset.field
        const schema = schemasOf(module, choice)[name]
        const typed = $(row).find("> .authorgan-value > :input").val() || ""
        if (typed && fields.kindOf(schema) === "module") {
            parameters[name] = { choice: typed, ...read($(row).children(".authorgan-module"), typed) }
            continue
        }
        if (typed && fields.kindOf(schema) === "layer") {
            const inner = $(row).children(".authorgan-module")
            const known = catalogue.layers[typed] !== undefined
            parameters[name] = known ? { type: typed, ...complete("layers", typed, read(inner, typed)) } : typed
            continue
        }
        const { value, wrong } = fields.parse(typed, schema)
        if (wrong) parameters[name] = numberOr(typed)
        else if (value !== undefined) parameters[name] = value
    }
    return parameters
}

const numberOr = (typed) => (typed.trim() !== "" && Number.isFinite(Number(typed)) ? Number(typed) : typed)

/* ---- regularizers of a loss -------------------------------------------------------------------------------------- */

function prepareRegularizers(node) {
    const from = $("#authorgan-regularizers-from")
    const all = $("#authorgan-regularizers")
    const chosen = Object.fromEntries(
        (node.regularizers || []).map(({ choice, ...parameters }) => [choice, parameters])
    )
    fill(all, chosen)
    for (const section of sectionsOf(all)) {
        const tick = $(section).find("> .authorgan-tick input")
        const rows = $(section).children(".authorgan-field")
        tick.prop("checked", section.dataset.choice in chosen).on("change", () => rows.toggle(tick.prop("checked")))
        rows.toggle(tick.prop("checked"))
    }
    from.val(node.regularizers ? "here" : "critic").on("change", () => all.toggle(from.val() === "here"))
    all.toggle(from.val() === "here")
}

function readRegularizers() {
    if ($("#authorgan-regularizers-from").val() !== "here") return null
    const all = $("#authorgan-regularizers")
    return sectionsOf(all)
        .filter((section) => $(section).find("> .authorgan-tick input").prop("checked"))
        .map(({ dataset }) => ({ choice: dataset.choice, ...read(all, dataset.choice) }))
}

/* ---- gan --------------------------------------------------------------------------------------------------------- */

const ganRows = () => $("[data-gan]").toArray()

export function prepareGan(node) {
    for (const row of ganRows())
        $(row)
            .find("select")
            .val(node.parameters[row.dataset.gan] || "")
    const { metrics: wanted, every_epochs: every } = node.parameters.evaluation || {}
    metrics.prepare(wanted)
    $("#authorgan-every-epochs").val(every || "")
    prepareBackend()
    capabilities.prepare()
}

/** Only Keras computes with one of several libraries. */
function prepareBackend() {
    const [driver, backend] = ["driver", "backend"].map((name) => ganRows().find((row) => row.dataset.gan === name))
    const show = () => $(backend).toggle($(driver).find("select").val() === "keras")
    $(driver).find("select").on("change", show)
    show()
    markMissing($(backend))
}

/** Options that stand for no backend of Keras: what the gan says, the PyTorch driver; and torch, which is always there. */
const ALWAYS_THERE = ["", "pytorch", "torch"]

/** Says of backends that the service does not have, before one is chosen, and how to get them once one is. */
export async function markMissing(row) {
    let installed
    try {
        installed = (await askDrivers()).keras.backends
    } catch {
        return // A service that is away is told of on the canvas.
    }
    const select = row.find("select")
    const isMissing = ({ value }) => !ALWAYS_THERE.includes(value) && !installed.includes(value)
    const titles = new Map(
        select
            .children()
            .toArray()
            .filter(isMissing)
            .map((option) => [option, option.textContent])
    )
    for (const [option, backend] of titles) option.textContent = text("backend.missing", { backend })
    const judge = () => {
        row.children(".authorgan-reason").remove()
        const backend = titles.get(select.find(":selected")[0])
        if (backend)
            $('<div class="authorgan-reason" role="alert">').text(text("backend.get", { backend })).appendTo(row)
    }
    select.on("change", judge)
    judge()
}

export function saveGan(node) {
    const chosen = Object.fromEntries(ganRows().map((row) => [row.dataset.gan, $(row).find("select").val()]))
    if (chosen.driver !== "keras") chosen.backend = ""
    // What has no field here, and came with an imported spec, stays.
    const others = Object.entries(node.parameters).filter(([key]) => !(key in chosen))
    node.parameters = Object.fromEntries([...others, ...Object.entries(chosen).filter(([, value]) => value)])
    saveEvaluation(node.parameters)
}

/** Without a score ticked there is no evaluation to tell of. */
function saveEvaluation(parameters) {
    const evaluation = { ...parameters.evaluation, metrics: metrics.read(parameters.evaluation?.metrics) }
    const every = $("#authorgan-every-epochs").val().trim()
    if (every) evaluation.every_epochs = numberOr(every)
    else delete evaluation.every_epochs
    if (evaluation.metrics.length > 0) parameters.evaluation = evaluation
    else delete parameters.evaluation
}
