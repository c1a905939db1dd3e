/**
 * Answers while one draws: each GAN of the drawing is compiled whenever something changed, what the wires tell is told
 * at once, and the service is asked what would be built. What is wrong marks the node that is responsible.
 */
import compiler from "../../lib/compile.js"
import modules from "../../lib/modules.js"
import { completeFlow, serviceNode } from "./asking.js"
import { addressOf } from "./services.js"
import { text, wrap } from "./texts.js"

const { compile, sketch, sketchLoose, nodeAt } = compiler
const { roleOf, NETWORKS, STARTERS } = modules

/** Long enough that an import, which tells of each object by itself, is looked at once; short enough to feel instant. */
const DEBOUNCE_MS = 40
/** How often a service that was away is tried again while nobody draws. */
const RETRY_MS = 15_000

const DRAWING_EVENTS = [
    "flows:loaded",
    ...["nodes", "links", "junctions"].flatMap((kind) => ["add", "remove", "change"].map((what) => `${kind}:${what}`)),
    ...["add", "remove", "change"].flatMap((what) => [`subflows:${what}`, `flows:${what}`]),
    "deploy"
]

/** What can be wrong with a layer before it leads anywhere, and before its GAN is complete. */
const LOOSE = new Set(["does_not_fit", "no_label", "too_many_inputs", "too_large"])
const UNFINISHED = new Set([...LOOSE, "missing_input"])

/** What can be wrong with a train node's own runtime. Everything else is told where its gan is asked about. */
const OF_RUNTIME = new Set(["not_installed", "not_supported", "unknown_driver"])

/**
 * gan id, id of a drawn network that is in no complete GAN yet, of a flow with layers that lead to no network, or of a
 * train node with a runtime of its own
 * -> { question, problems: Map(node id -> [text]), resolved, measured: Map(node id -> [{ layer, path }]), nodes, paths,
 *     counts: codes of the problems that count, or null for all of them }
 */
let answers = new Map()
/** id of a train or sweep node -> Map(node id -> [text]): what the service refused when it started something. */
const refusals = new Map()
/** node id -> [text], of the drawing as it is now: wires only. */
let wiring = new Map()
/** The same of what is no problem, and yet may not be meant. */
let hints = new Map()
/** Ids of the module nodes that layers are wired into. */
let drawn = new Set()
/** Addresses that did not answer last time; each is told of once. */
const away = new Set()

let clock = null
let retry = null

export function start() {
    for (const event of DRAWING_EVENTS) RED.events.on(event, soon)
    RED.comms.subscribe("authorgan/problems/#", (topic, { problems }) => {
        refusals.set(topic.split("/").at(-1), grouped(problems))
        mark()
    })
}

/** Everything that is wrong with a node's place in the drawing. */
export function problemsOf(node) {
    const sources = [wiring, ...[...answers.values()].map(({ problems }) => problems), ...refusals.values()]
    return [...new Set(sources.flatMap((problems) => problems.get(node.id) || []))]
}

/** What may not be meant at a node: [text]. */
export const hintsOf = ({ id }) => [...new Set(hints.get(id) || [])]

/**
 * What the service would build of a module node: { pointer: "/generator", module: {…}, spec }, or null.
 * Where a node belongs to several GANs the first one counts.
 */
export function resolvedOf(node) {
    for (const { resolved, nodes } of answers.values()) {
        const pointer = resolved && Object.keys(nodes).find((at) => at !== "" && nodes[at] === node.id)
        if (pointer) {
            const module = pointer
                .split("/")
                .slice(1)
                .reduce((value, key) => value?.[key], resolved)
            return { pointer, module, spec: resolved }
        }
    }
    return null
}

/** The resolved spec of what a train node trains, or null while it is not known. */
export const trainedBy = (id) => answers.get(compile(completeFlow(), id, inWords).gan)?.resolved || null

/** The resolved specs of all GANs in the drawing. */
export const resolvedSpecs = () => [...answers.values()].map(({ resolved }) => resolved).filter(Boolean)

/** The gan nodes that a node is part of, as the drawing was when it was looked at last. */
export const gansOf = ({ id }) =>
    [...answers]
        .filter(([, { counts, nodes }]) => counts === null && Object.values(nodes).includes(id))
        .map(([gan]) => RED.nodes.node(gan))
        .filter(Boolean)

/** The service that a node's GAN is trained at: that of its train or sweep node, else the first there is. */
export function serviceOf({ id }) {
    const flow = completeFlow()
    const starters = flow.filter(({ type }) => STARTERS.includes(type))
    const starter = starters.find((each) => Object.values(compile(flow, each.id).nodes).includes(id))
    return serviceNode(flow, starter?.service)
}

/** Whether layers are wired into a generator or discriminator node, so that its family rests. */
export const isDrawn = ({ id }) => drawn.has(id)

/**
 * A layer as the service measured it, { type, output_shape, parameter_count, …parameters }, with the ids of the subflow
 * instances that lead to it: [{ layer, path }], one for each instance that its subflow has in a GAN; [] while unknown.
 */
export function layersAt({ id }) {
    for (const { measured } of answers.values()) if (measured?.has(id)) return measured.get(id)
    return []
}

/** The same of the first instance: the layer, or null. */
export const layerAt = (node) => layersAt(node)[0]?.layer || null

/** node id -> [{ layer, path }], of both networks of a resolved spec. */
function layersIn(spec, { question, paths }) {
    const asked = JSON.parse(question).spec
    const found = new Map()
    for (const role of NETWORKS) {
        const ids = (asked[role]?.layers || []).map(({ id }) => id)
        for (const layer of spec?.[role]?.layers || []) {
            if (!layer.node_id) continue
            const path = paths[`/${role}/layers/${ids.indexOf(layer.id)}`] || []
            found.set(layer.node_id, [...(found.get(layer.node_id) || []), { layer, path }])
        }
    }
    return found
}

function soon() {
    clearTimeout(clock)
    clock = setTimeout(look, DEBOUNCE_MS)
}

/** How `compile` words its problems. */
export const inWords = {
    translate: (code, values) => text(`problems.${code}`, values),
    nameOf: ({ id }) => RED.utils.getNodeLabel(RED.nodes.node(id), id)
}

/** Compiles every GAN of the drawing and asks about those that changed. */
function look() {
    const flow = completeFlow()
    const options = inWords
    const disabled = new Set(flow.filter(({ type, disabled }) => type === "tab" && disabled).map(({ id }) => id))
    const live = flow.filter((node) => !node.d && !disabled.has(node.z))
    const found = []
    const hinted = []
    const before = answers
    answers = new Map()
    let changed = false
    const services = new Map()
    // Nodes of GANs that are asked about as a whole, and the places of all layers that are asked about.
    const told = new Set()
    const known = new Set()
    const askAbout = (id, drawing, service, counts) => {
        for (const [pointer, node] of Object.entries(drawing.nodes))
            known.add([...(drawing.paths[pointer] || []), node].join("/"))
        const question = drawing.problems?.length > 0 ? null : questionOf(drawing.spec, service)
        changed = take(before, id, { question, nodes: drawing.nodes, paths: drawing.paths, counts }) || changed
        return question
    }
    drawn = new Set()

    for (const starter of live.filter(({ type }) => STARTERS.includes(type))) {
        const { gan, problems } = compile(flow, starter.id, options)
        services.set(gan, starter.service)
        // Without a drawing it may still be sent specs, so that is no problem before a message comes.
        found.push(...problems.filter(({ code }) => code !== "no_gan"))
    }
    for (const gan of live.filter(({ type }) => type === "authorgan-gan")) {
        const drawing = compile(flow, gan.id, options)
        const { nodes, problems } = drawing
        found.push(...problems)
        hinted.push(...drawing.hints)
        for (const key of NETWORKS) if (Object.hasOwn(nodes, `/${key}/layers/0`)) drawn.add(nodes[`/${key}`])
        const question = askAbout(gan.id, drawing, serviceNode(flow, services.get(gan.id)), null)
        if (question) for (const id of Object.values(nodes)) told.add(id)
    }
    for (const node of live.filter(({ type }) => NETWORKS.includes(roleOf(type)))) {
        const drawing = told.has(node.id) ? null : sketch(flow, node.id)
        if (!drawing) continue
        drawn.add(node.id)
        askAbout(node.id, drawing, serviceNode(flow), UNFINISHED)
    }
    for (const { flow: id, ...drawing } of sketchLoose(flow, known)) {
        if (!disabled.has(id)) askAbout(id, drawing, serviceNode(flow), LOOSE)
    }
    for (const { id, service } of live.filter(({ runtime }) => runtime)) {
        const drawing = compile(flow, id, options)
        if (drawing.spec) askAbout(id, drawing, serviceNode(flow, service), OF_RUNTIME)
    }
    wiring = grouped(found)
    hints = grouped(hinted)
    // What was refused has been changed since; the next start will tell.
    if (changed) refusals.clear()
    mark()
}

/** Keeps the answer to a question that is still the same, or asks anew; whether it did. */
function take(before, id, { question, nodes, paths, counts }) {
    const known = before.get(id)
    if (known && known.question === question) {
        Object.assign(known, { nodes, paths })
        answers.set(id, known)
        return false
    }
    // Until the new answer is there the old shapes stay, so that badges do not flicker.
    const { resolved = null, measured = null } = known || {}
    const shown = question ? { resolved, measured } : { resolved: null, measured: null }
    const answer = { question, nodes, paths, counts, problems: new Map(), ...shown }
    answers.set(id, answer)
    if (question) ask(answer)
    return true
}

/** What is asked, and of whom, as one text: the same text needs no second answer. */
const questionOf = (spec, service) => service && JSON.stringify({ service: service.id, url: service.url, spec })

function ask(answer) {
    const { url } = JSON.parse(answer.question)
    $.ajax({ url: "authorgan/resolve", method: "POST", contentType: "application/json", data: answer.question })
        .done(({ spec }) => {
            away.delete(url)
            answer.resolved = spec
            answer.measured = layersIn(spec, answer)
            answer.problems = new Map()
            mark()
        })
        .fail(({ status, responseJSON: problem }) => {
            if (status === 422) {
                away.delete(url)
                answer.resolved = null
                answer.measured = layersIn(problem.measured, answer)
                const wrong = problem.problems.filter(({ code }) => answer.counts?.has(code) ?? true)
                answer.problems = grouped(wrong.flatMap((each) => atNodes(each, answer)))
                mark()
            } else {
                standAlone(answer, url)
            }
        })
}

/** Drawing goes on without the service, which is said once and tried again now and then. */
function standAlone(answer, url) {
    answer.question = undefined
    answer.resolved = null
    answer.measured = null
    if (!away.has(url)) {
        away.add(url)
        RED.notify(text("away", { url: addressOf({ url }) }), { type: "compact", timeout: 6000 })
    }
    clearTimeout(retry)
    retry = setTimeout(look, RETRY_MS)
    mark()
}

/** A problem at the node that is responsible, and at the subflow instances that lead to it. */
function atNodes({ node_id, pointer, message }, { nodes, paths }) {
    const ids = [node_id || nodeAt(nodes, pointer), ...(nodeAt(paths, pointer) || [])]
    return ids.map((id) => ({ node_id: id, message }))
}

function grouped(problems) {
    const groups = new Map()
    for (const { node_id, message } of problems) groups.set(node_id, [...(groups.get(node_id) || []), message])
    return groups
}

/** Node -> what it was validated and drawn with last. */
const marked = new WeakMap()

/** Lets Node-RED validate and draw those of our nodes of which something changed: a large drawing has few of them. */
function mark() {
    let changed = false
    RED.nodes.eachNode((node) => {
        if (!node.type.startsWith("authorgan-")) return
        const state = roleOf(node.type) || !node.parameters ? null : stateOf(node)
        // A module's label and badge say something of the whole GAN; there are not many of them.
        if (state !== null && marked.get(node) === state) return
        marked.set(node, state)
        RED.editor.validateNode(node)
        node.dirty = true
        changed = true
    })
    // Node-RED marks every instance of a subflow in which something is wrong; the reasons are ours.
    RED.nodes.eachNode((node) => {
        if (!node.type.startsWith("subflow:")) return
        const reasons = problemsOf(node)
        if (reasons.length > 0)
            Object.assign(node, { valid: false, validationErrors: reasons.map((each) => wrap(each)) })
        else RED.editor.validateNode(node)
        node.dirty = true
        changed = true
    })
    if (changed) RED.view.redraw()
}

function stateOf(node) {
    const measured = layersAt(node).map(({ layer, path }) => {
        const { output_shape: shape, parameter_count: weights, trainable } = layer
        return [path, shape, weights, trainable]
    })
    return JSON.stringify([node.parameters, node.trainable, problemsOf(node), hintsOf(node), measured])
}
