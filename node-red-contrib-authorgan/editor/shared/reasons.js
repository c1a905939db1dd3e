/** Why a node is not valid, for Node-RED's validators: `true`, or the reasons in words. */
import catalogue from "../../lib/catalogue.json"
import fields from "../../lib/fields.js"
import grid from "../../lib/grid.js"
import modules from "../../lib/modules.js"
import terms from "../../lib/terms.js"
import wishes from "../../lib/wishes.js"
import { problemsOf } from "./answers.js"
import { text, wrap } from "./texts.js"
import { reasonOf } from "./training-choice.js"

const { entryOf, roleOf, KINDS } = modules

const validOr = (reasons) => (reasons.length > 0 ? reasons.map((reason) => wrap(reason)) : true)

/** What is wrong with the parameters of a module node, and with its place in the drawing. */
export function ofModule(node) {
    const wrong = fields.checkModule(catalogue, KINDS[roleOf(node.type)], node.choice, node.parameters)
    for (const { choice, ...parameters } of node.regularizers || []) {
        wrong.push(...fields.checkModule(catalogue, "regularizers", choice, parameters))
    }
    return worded(node, wrong, `choices.${node.choice}`)
}

/** The same of a node that is one layer, loss, regularizer or optimizer. */
export function ofEntry(node) {
    const { kind, name } = entryOf(node.type)
    return worded(node, fields.checkModule(catalogue, kind, name, node.parameters), `${kind}.${name}`)
}

function worded(node, wrong, path) {
    const own = wrong.map(
        ({ parameter, code, values }) => `${titleOf(node, path, parameter)}: ${text(`reason.${code}`, values)}`
    )
    // The service says the same about parameters, in other words; once is enough.
    return validOr(own.length > 0 ? own : problemsOf(node))
}

/** What is wrong with the drawing at this node. */
export const ofDrawing = (node) => validOr(problemsOf(node))

/** The same of a sweep node, and what is wrong with the axes in its dialog. Without any it may be sent whole sweeps. */
export function ofSweep(node) {
    const { wrong } = grid.axesOf(node)
    return validOr([...wrong.map(({ code, values }) => node._(`wrong.${code}`, values)), ...problemsOf(node)])
}

/** The same of a node that asks about the training of a train node. */
export function ofTraining(node) {
    const reason = reasonOf(node)
    return reason === true ? true : wrap(reason)
}

export function ofAddress(value) {
    // Empty: the service that this Node-RED was started with.
    if (!value || /^\$\{.+\}$/.test(value)) return true
    try {
        if (/^https?:$/.test(new URL(value).protocol)) return true
    } catch {
        // Not an address at all: the same answer.
    }
    return text("reason.address", { value })
}

/** Numbers as typed into a field, whole ones by default, empty being allowed unless `minItems` says otherwise. */
export function ofNumbers(value, { type = "integer", minimum, maximum, minItems = 0, maxItems = 1024 }) {
    const schema = { type: "array", items: { type, minimum, maximum }, minItems, maxItems }
    const { wrong } = fields.parse(value, schema)
    if (wrong) return text(`reason.${wrong.code}`, wrong.values)
    return minItems > 0 && String(value ?? "").trim() === "" ? text("reason.required") : true
}

/** A sum of classes and seeds. */
export const ofTerms = (value) => (terms.termsOf(value) ? true : text("reason.terms", { value }))

/** How far along which directions. */
export function ofAmounts(value) {
    const { amounts = {} } = wishes.wishesOf({}, { amounts: value }, { amounts: "amounts" })
    const isRight = ([direction, amount]) => /^\d+$/.test(direction) && Number.isFinite(amount)
    return Object.entries(amounts).every(isRight) ? true : text("reason.amounts", { value })
}

function titleOf(node, path, parameter) {
    const key = `${path}.parameters.${parameter}.title`
    const title = node._(key)
    return title === key ? parameter : title
}
