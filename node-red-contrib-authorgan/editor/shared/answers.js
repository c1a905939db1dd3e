/**
 * Answers while one draws: each GAN of the drawing is compiled whenever something changed, what the wires tell is told
 * at once, and the service is asked what would be built. What is wrong marks the node that is responsible.
 */
import compiler from "../../lib/compile.js"
import modules from "../../lib/modules.js"
import { addressOf, standard } from "./services.js"
import { text } from "./texts.js"

const { compile, sketch, nodeAt } = compiler
const { roleOf, NETWORKS } = modules

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

/** What can be wrong with a layer before its GAN is complete. */
const UNFINISHED = new Set(["does_not_fit", "no_label", "missing_input", "too_many_inputs", "too_large"])

/**
 * gan id, or id of a drawn network that is in no complete GAN yet
 * -> { question, problems: Map(node id -> [text]), resolved, measured: Map(node id -> layer), nodes, alone }
 */
let answers = new Map()
/** train id -> Map(node id -> [text]): what the service refused when a training was started. */
const refusals = new Map()
/** node id -> [text], of the drawing as it is now: wires only. */
let wiring = new Map()
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

/** The gan nodes that a node is part of, as the drawing was when it was looked at last. */
export const gansOf = ({ id }) =>
    [...answers]
        .filter(([, { alone, nodes }]) => !alone && Object.values(nodes).includes(id))
        .map(([gan]) => RED.nodes.node(gan))
        .filter(Boolean)

/** Whether layers are wired into a generator or discriminator node, so that its family rests. */
export const isDrawn = ({ id }) => drawn.has(id)

/**
 * A layer as the service measured it: { type, output_shape, parameter_count, …parameters }, or null. Of a layer in a
 * subflow the first instance counts.
 */
export function layerAt({ id }) {
    for (const { measured } of answers.values()) if (measured?.has(id)) return measured.get(id)
    return null
}

/** node id -> layer, of both networks of a resolved spec. */
function layersIn(spec) {
    const found = new Map()
    for (const network of [spec?.generator, spec?.discriminator]) {
        for (const layer of network?.layers || []) {
            if (layer.node_id && !found.has(layer.node_id)) found.set(layer.node_id, layer)
        }
    }
    return found
}

function soon() {
    clearTimeout(clock)
    clock = setTimeout(look, DEBOUNCE_MS)
}

/** The whole drawing as it would be saved. */
export const completeFlow = () => RED.nodes.createCompleteNodeSet({ credentials: false })

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
    const before = answers
    answers = new Map()
    let changed = false
    const services = new Map()
    // Nodes of GANs that are asked about as a whole.
    const told = new Set()
    drawn = new Set()

    for (const train of live.filter(({ type }) => type === "authorgan-train")) {
        const { gan, problems } = compile(flow, train.id, options)
        services.set(gan, train.service)
        // Without a drawing it may still be sent specs, so that is no problem before a message comes.
        found.push(...problems.filter(({ code }) => code !== "no_gan"))
    }
    for (const gan of live.filter(({ type }) => type === "authorgan-gan")) {
        const { spec, nodes, problems } = compile(flow, gan.id, options)
        found.push(...problems)
        for (const key of ["generator", "discriminator"])
            if (Object.hasOwn(nodes, `/${key}/layers/0`)) drawn.add(nodes[`/${key}`])
        const question = problems.length > 0 ? null : questionOf(spec, serviceNode(flow, services.get(gan.id)))
        if (question) for (const id of Object.values(nodes)) told.add(id)
        changed = take(before, gan.id, { question, nodes, alone: false }) || changed
    }
    for (const node of live.filter(({ type }) => NETWORKS.includes(roleOf(type)))) {
        const drawing = told.has(node.id) ? null : sketch(flow, node.id)
        if (!drawing) continue
        drawn.add(node.id)
        const question = questionOf(drawing.spec, serviceNode(flow))
        changed = take(before, node.id, { question, nodes: drawing.nodes, alone: true }) || changed
    }
    wiring = grouped(found)
    // What was refused has been changed since; the next start will tell.
    if (changed) refusals.clear()
    mark()
}

/** Keeps the answer to a question that is still the same, or asks anew; whether it did. */
function take(before, id, { question, nodes, alone }) {
    const known = before.get(id)
    if (known && known.question === question) {
        known.nodes = nodes
        answers.set(id, known)
        return false
    }
    // Until the new answer is there the old shapes stay, so that badges do not flicker.
    const { resolved = null, measured = null } = known || {}
    const shown = question ? { resolved, measured } : { resolved: null, measured: null }
    const answer = { question, nodes, alone, problems: new Map(), ...shown }
    answers.set(id, answer)
    if (question) ask(answer)
    return true
}

/** The service that a GAN will be trained with: that of its train node, else the first there is. */
function serviceNode(flow, id) {
    const services = flow.filter(({ type }) => type === "authorgan-service")
    return services.find((service) => service.id === id) || services[0]
}

/** The resolved form of a spec that is in no drawing; rejects with an Error in words and its `problems`. */
export const askFor = async (spec) => (await post("authorgan/resolve", { spec })).spec

/** The named GANs of the service: [{ name, title, summary }], or the spec of one. */
export const askZoo = (name) => post("authorgan/zoo", { name })

function post(path, body) {
    const { id, url } = serviceNode(completeFlow()) || standard
    const data = JSON.stringify({ service: id, url, ...body })
    return new Promise((resolve, reject) => {
        $.ajax({ url: path, method: "POST", contentType: "application/json", data })
            .done(resolve)
            .fail(({ responseJSON: problem, statusText }) => {
                const problems = problem?.problems || []
                const message = problems.map(({ message }) => message).join(" ") || problem?.message || statusText
                reject(Object.assign(new Error(message), { problems }))
            })
    })
}

/** What is asked, and of whom, as one text: the same text needs no second answer. */
const questionOf = (spec, service) => service && JSON.stringify({ service: service.id, url: service.url, spec })

function ask(answer) {
    const { url } = JSON.parse(answer.question)
    $.ajax({ url: "authorgan/resolve", method: "POST", contentType: "application/json", data: answer.question })
        .done(({ spec }) => {
            away.delete(url)
            answer.resolved = spec
            answer.measured = layersIn(spec)
            answer.problems = new Map()
            mark()
        })
        .fail(({ status, responseJSON: problem }) => {
            if (status === 422) {
                away.delete(url)
                answer.resolved = null
                answer.measured = layersIn(problem.measured)
                const wrong = problem.problems.filter(({ code }) => !answer.alone || UNFINISHED.has(code))
                answer.problems = grouped(
                    wrong.map(({ node_id, pointer, message }) => ({
                        node_id: node_id || nodeAt(answer.nodes, pointer),
                        message
                    }))
                )
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
    if (changed) RED.view.redraw()
}

function stateOf(node) {
    const { output_shape: shape, parameter_count: weights } = layerAt(node) || {}
    return JSON.stringify([node.parameters, problemsOf(node), shape, weights])
}
