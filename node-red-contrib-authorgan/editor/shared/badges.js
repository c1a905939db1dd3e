/** Badges above the nodes: the shape of a picture, the number of weights. */
import layers from "../../lib/layers.js"
import { hintsOf, layersAt, resolvedOf } from "./answers.js"
import { count, shapeText, text, wrap } from "./texts.js"
import { sourceOf } from "./transfer.js"

/** Characters of what a network's weights came with. */
const LONGEST_SOURCE = 24

const SHOWS = {
    "authorgan-data": ({ spec }) => {
        const { image_size: size, length, channels } = spec.data
        return length ? { what: "sequences", shape: [length, channels] } : { shape: [size, size, channels] }
    },
    "authorgan-generator": ({ module }) => ({ shape: module.output_shape, ...learning(module) }),
    "authorgan-discriminator": ({ module }) => learning(module)
}

/** How many weights a network has, and how many of its layers keep theirs. */
function learning({ parameter_count: weights, layers }) {
    const frozen = layers.filter(({ trainable }) => trainable === false).length
    return { weights, notes: [frozen > 0 && text("badge.frozenLayers", { count: frozen })] }
}

const svg = (name, attributes = {}) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name)
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
    return element
}

/** Node -> the text of its badge. */
const elements = new WeakMap()
/** The badge that the pointer went to last. */
let hovered = null

export function start() {
    startHints()
    // A badge that vanishes under the pointer is never told that the pointer left, and its tooltip would come too late.
    for (const event of ["nodes:remove", "workspace:change"])
        RED.events.on(event, () => hovered?.dispatchEvent(new Event("mouseleave")))
    RED.view.annotations.register("authorgan-badge", {
        type: "badge",
        class: "authorgan-badge",
        filter: ({ type }) => Object.hasOwn(SHOWS, type) || layers.layerName(type),
        show: (node) => shownAt(node) !== null,
        // The words change in place: an element that was made anew under the pointer would have no place for its tooltip.
        refresh: (node) => {
            const [label, words] = [elements.get(node), badgeText(node)]
            if (label && label.textContent !== words) label.textContent = words
            return false
        },
        element: (node) => {
            const label = svg("text", { y: 5 })
            label.textContent = badgeText(node)
            label.addEventListener("mouseenter", () => {
                hovered = label
            })
            elements.set(node, label)
            return label
        },
        tooltip: (node) => {
            const shown = shownAt(node)
            if (!shown) return ""
            const instances = instancesOf(node).map((each) => text("badge.instance", each))
            if (instances.length > 0) return [text("badge.instances"), ...instances].join("\n")
            const values = { shape: shown.shape && shapeText(shown.shape), weights: count(shown.weights) }
            const what = layers.layerName(node.type) ? "layer" : node.type.replace("authorgan-", "")
            const said = [text(`badge.${shown.what || what}`, values)]
            if (sourceOf(node)) said.push(text("badge.startsFrom", { source: sourceOf(node), job: node.weights.job }))
            return said.join("\n")
        }
    })
}

/** A mark at what works, and yet may not be meant; its tooltip says why. */
function startHints() {
    RED.view.annotations.register("authorgan-hint", {
        type: "badge",
        class: "authorgan-hint",
        filter: ({ type }) => layers.layerName(type),
        show: (node) => hintsOf(node).length > 0,
        element: () => {
            const mark = svg("g")
            mark.append(svg("circle", { cx: 5, cy: 1, r: 5 }), svg("text", { x: 5, y: 5, "text-anchor": "middle" }))
            mark.lastChild.textContent = "!"
            return mark
        },
        tooltip: (node) =>
            hintsOf(node)
                .map((hint) => wrap(hint))
                .join("\n")
    })
}

function shownAt(node) {
    if (layers.layerName(node.type)) {
        const [first] = layersAt(node)
        if (!first) return null
        const { output_shape: shape, parameter_count: weights, trainable } = first.layer
        // A layer is frozen by its own dialog, or by that of its network.
        const frozen = (node.trainable === false || trainable === false) && text("badge.frozen")
        return { shape, weights, notes: [frozen] }
    }
    const resolved = resolvedOf(node)
    return resolved?.module ? SHOWS[node.type](resolved) : null
}

function badgeText(node) {
    const shown = shownAt(node)
    if (!shown) return ""
    const texts = instancesOf(node).map(({ shape }) => shape)
    const shape = texts.length > 1 ? texts.join(" | ") : shown.shape && shapeText(shown.shape)
    const { weights, notes = [] } = shown
    return [shape, weights && count(weights), ...notes, startText(node)].filter(Boolean).join(" · ")
}

/** That a network starts from a run; a run's id says nothing to a reader, the file that it came with does. */
const startText = ({ weights }) =>
    weights?.file ? text("badge.weightsOf", { source: shortened(weights.file) }) : weights?.job && text("badge.started")

/** A badge has to leave its neighbours room; its tooltip says the whole. */
const shortened = (name) => (name.length > LONGEST_SOURCE ? `${name.slice(0, LONGEST_SOURCE - 1)}…` : name)

/** Where the instances of a subflow differ in what a layer of it puts out: [{ shape, names }], else []. */
function instancesOf(node) {
    const byShape = new Map()
    for (const { layer, path } of layersAt(node)) {
        const shape = shapeText(layer.output_shape)
        const name = path.map((id) => RED.utils.getNodeLabel(RED.nodes.node(id), id)).join(" › ")
        byShape.set(shape, [...(byShape.get(shape) || []), name])
    }
    return byShape.size > 1 ? [...byShape].map(([shape, names]) => ({ shape, names: names.join(", ") })) : []
}
