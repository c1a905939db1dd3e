/**
 * Layers that are wired into a generator or discriminator node are its architecture. Pure, and shared by the runtime
 * and the editor.
 *
 * Several inputs of one layer are taken from top to bottom, as what is wired into it stands in the drawing: `Subtract`
 * takes the lower from the upper. A junction or a link stands for what it brings, a subflow instance for the layers
 * inside it.
 */
const catalogue = require("./catalogue.json").layers
const { kindOf } = require("./fields")
const { keyOf } = require("./graph")
const { nodeType } = require("./layer-type")

/** Ids name weights and files, so they are short and plain. */
const LONGEST_SLUG = 48
const LONGEST = 64
const IDENTIFIER = /^[A-Za-z0-9_-]{1,64}$/

const layerOf = new Map(Object.keys(catalogue).map((name) => [nodeType(name), name]))

/** The name in the catalogue of what a node of this type stands for, or undefined: such a node is no layer. */
const layerName = (type) => layerOf.get(type)
const isLayer = ({ node }) => layerOf.has(node.type)

/** What feeds a place in the order of the drawing from top to bottom, wire by wire: layers, and what is none. */
function inputsOf(drawing, target) {
    const feeding = drawing.feeds(target)
    const strays = feeding.filter((source) => !isLayer(source)).map((source) => ({ source, into: target }))
    return { inputs: feeding.filter(isLayer), strays }
}

/**
 * The layers upstream of a module node.
 *
 * @returns {{ ends, places, cycle, strays }}  ends: the layers wired straight into it; the rest as of `upstream`
 */
function network(drawing, module) {
    const { inputs, strays } = inputsOf(drawing, module)
    const ends = [...new Map(inputs.map((end) => [keyOf(end), end])).values()]
    const found = upstream(drawing, ends)
    return { ...found, ends, strays: [...strays, ...found.strays] }
}

/**
 * Some layers and all that feed them.
 *
 * @returns {{ places, cycle, strays }}  places: every layer with its inputs as { place, inputs: [key] } by key, each
 *     after those that feed it; cycle: places of a circle, or null; strays: what is wired in and is no layer, as
 *     { source, into }
 */
function upstream(drawing, ends) {
    const places = new Map()
    const trail = []
    const onTrail = new Map()
    const strays = []
    const enter = (place) => {
        const found = inputsOf(drawing, place)
        strays.push(...found.strays)
        onTrail.set(keyOf(place), trail.length)
        trail.push({ place, inputs: found.inputs, next: 0 })
    }
    for (const end of ends) {
        if (!places.has(keyOf(end))) enter(end)
        while (trail.length > 0) {
            const here = trail.at(-1)
            const input = here.inputs[here.next]
            if (!input) {
                trail.pop()
                onTrail.delete(keyOf(here.place))
                places.set(keyOf(here.place), { place: here.place, inputs: here.inputs.map(keyOf) })
                continue
            }
            here.next += 1
            const key = keyOf(input)
            if (onTrail.has(key)) {
                const circle = trail.slice(onTrail.get(key)).map(({ place }) => place)
                return { places: new Map(), cycle: circle.reverse(), strays }
            }
            if (!places.has(key)) enter(input)
        }
    }
    return { places, cycle: null, strays }
}

/** A node's name as an id: as it is where it may be one, else made plain, or "" where nothing of it is left. */
const slug = (name) =>
    IDENTIFIER.test(name)
        ? name
        : String(name || "")
              .normalize("NFKD")
              .toLowerCase()
              .replace(/[^a-z0-9]+/g, "_")
              .replace(/^_+|_+$/g, "")
              .slice(0, LONGEST_SLUG)

/** Key of each place -> id: the node's name, the source of an Input, or type and number as the families count them. */
function identifiers(places) {
    const taken = new Set()
    const counts = new Map()
    const ids = new Map()
    const free = (wish) => {
        let id = wish
        for (let number = 2; taken.has(id); number += 1) {
            const end = `_${number}`
            id = wish.slice(0, LONGEST - end.length) + end
        }
        taken.add(id)
        return id
    }
    // Names that people gave come first, so that a number never takes one away.
    for (const [key, { place }] of places) {
        const wish = slug(place.node.name) || (layerName(place.node.type) === "Input" && place.node.parameters?.source)
        if (wish) ids.set(key, free(wish))
    }
    for (const [key, { place }] of places) {
        if (ids.has(key)) continue
        const type = layerName(place.node.type).toLowerCase()
        counts.set(type, (counts.get(type) || 0) + 1)
        ids.set(key, free(`${type}_${counts.get(type)}`))
    }
    return ids
}

/**
 * Layers that people gave the same name, with the ids that tell them apart: [[{ place, id }], …]. The instances of a
 * subflow share a layer, and so its name.
 */
function namesakes({ places }) {
    const ids = identifiers(places)
    const byName = new Map()
    for (const [key, { place }] of places) {
        const name = slug(place.node.name)
        if (!name) continue
        const found = byName.get(name) || new Map()
        byName.set(name, found)
        if (!found.has(place.node.id)) found.set(place.node.id, { place, id: ids.get(key) })
    }
    return [...byName.values()].filter(({ size }) => size > 1).map((found) => [...found.values()])
}

/**
 * The places of a network that need a name to get the ids they are to have: those that are not counted to it anyhow.
 * @param {(place: object) => string} idOf  the id that a place is to have
 */
function toName({ places }, idOf) {
    const counts = new Map()
    return [...places.values()]
        .map(({ place }) => place)
        .filter((place) => {
            const type = layerName(place.node.type)
            if (type === "Input") return true
            const count = (counts.get(type) || 0) + 1
            const counted = idOf(place) === `${type.toLowerCase()}_${count}`
            if (counted) counts.set(type, count)
            return !counted
        })
}

/** The layers of a network as the spec has them. */
function layersOf({ places }) {
    const ids = identifiers(places)
    return [...places].map(([key, { place, inputs }]) => ({
        ...JSON.parse(JSON.stringify(place.node.parameters || {})),
        id: ids.get(key),
        type: layerName(place.node.type),
        inputs: inputs.map((input) => ids.get(input)),
        ...(place.node.trainable === false && { trainable: false }),
        node_id: place.node.id
    }))
}

/** The parameters of a resolved layer as a node saves them: the short form, and only what differs from the defaults. */
function sparse(layer) {
    const { parameters, required } = catalogue[layer.type]
    const kept = {}
    for (const [name, schema] of Object.entries(parameters)) {
        if (layer.type === "Input" && name === "shape" && fitsBySource(layer)) continue
        const value = short(layer[name], schema)
        if (required.includes(name) || JSON.stringify(value) !== JSON.stringify(schema.default)) kept[name] = value
    }
    return kept
}

/** Labels, images and sequences have the data's shape; what noise has by default is no choice of anybody's. */
const fitsBySource = ({ source, shape }) =>
    ["label", "image", "sequence"].includes(source) || (source === "noise" && shape.length === 1 && shape[0] === 100)

/** [3, 3] -> 3, { choice: "zeros" } -> "zeros": a value as a person would write it. */
function short(value, schema) {
    const kind = kindOf(schema)
    if (kind === "size" || kind === "edges" || kind === "axes") return alike(value)
    if (kind === "layer" && value) return { type: value.type, ...sparse(value) }
    if (kind !== "module" || !value) return value
    const { choice, ...rest } = value
    return Object.keys(rest).length > 0 ? value : choice
}

/** A list of equal numbers, or of lists of them, is that number. */
const alike = (value) => {
    if (!Array.isArray(value)) return value
    const items = value.map(alike)
    return items.every((item) => item === items[0] && !Array.isArray(item)) ? items[0] : value
}

/** Layers that one of these networks feeds and that lead to none of the `known` ones: their work is in vain. */
function dangling(drawing, networks, known) {
    const keys = (some) => new Set(some.flatMap(({ places }) => [...places.keys()]))
    const [inside, anywhere] = [keys(networks), keys(known)]
    return drawing.nodes
        .map(({ id }) => drawing.node(id))
        .filter((place) => isLayer(place) && !anywhere.has(keyOf(place)) && drawing.isOn(place))
        .filter((place) => drawing.sources(place).some((source) => inside.has(keyOf(source))))
}

module.exports = { sparse, short, layerName, isLayer, network, upstream, layersOf, namesakes, toName, dangling }
