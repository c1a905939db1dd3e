/**
 * A spec becomes a drawing: the way back of compile.js. Pure, and shared by the runtime and the editor.
 *
 * What is drawn is a resolved spec. A node keeps only what differs from what it would get anyway, so that a drawing says
 * what its author chose, and compiles to a spec that resolves to the same again.
 */
const catalogue = require("./catalogue.json")
const { CUSTOM, GAN, KINDS, MODULES, NETWORKS } = require("./modules")
const graph = require("./graph")
const layers = require("./layers")
const { nodeType } = require("./layer-type")
const { fits, transferOf } = require("./transfer")
const layout = require("./layout")
const { VERSION } = require("./migrations")

/** Left edge of everything, top of the modules, and the room between one part of the drawing and the next. */
const LEFT = 140
const TOP = 100
const MARGIN = 120
const STEP = 60
/** Left edge of the layers, and from a node to the middle of a link node beside it. */
const LAYERS_LEFT = 60
const LINK_ROOM = 45
/** Centres of what stands right of the modules, from their right edge; the preview leaves a train node room to name its runtime. */
const ACROSS = { gan: 160, train: 310, preview: 560 }
/** Width of the preview, and the height of the card below it, in widths of it. */
const PREVIEW_WIDTH = 240
const CARD = 1.6

const typeOf = Object.fromEntries(Object.entries(MODULES).map(([type, key]) => [key, type]))
/** What a spec has by default that its gan node would otherwise say. */
const SETTINGS = {
    description: "",
    driver: "pytorch",
    backend: undefined,
    device: "auto",
    precision: "auto",
    evaluation: { metrics: [], every_epochs: 1, sample_count: 2000, extractor: "auto" }
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b)

/**
 * The layers of a network, wired up to a pair of link nodes, because a wire to its module would cross what lies between.
 *
 * @param {object[]} resolved  layers as the service resolved them
 * @param {object} module  the generator or discriminator node, as saved, with its width `w`
 * @param {object} place  { z, top, newId, title, color }: flow, height of the first line, ids, and looks of the group
 * @returns {{ group, nodes, wire: { from, to }, bottom }}  wire: what leads into the module, and is not in `nodes`
 */
function drawNetwork(resolved, module, { z, top, newId, title, color }) {
    const { places, wires, end, height } = layout.arrange(resolved, labelOf)
    const group = newId()
    const [out, into] = [newId(), newId()]
    const ids = new Map(resolved.map(({ id }) => [id, newId()]))
    const nodes = new Map()
    for (const layer of resolved) {
        nodes.set(ids.get(layer.id), {
            id: ids.get(layer.id),
            type: nodeType(layer.type),
            ...{ z, g: group, name: "", parameters: layers.sparse(layer) },
            ...{ trainable: layer.trainable !== false || isFrozenBy(module, layer), version: VERSION },
            ...{ x: LAYERS_LEFT + places.get(layer.id).x, y: top + places.get(layer.id).y, wires: [[]] }
        })
    }
    for (const { from, to, bends } of wires) {
        let before = nodes.get(ids.get(from))
        for (const { x, y } of bends) {
            const junction = { id: newId(), type: "junction", z, g: group, x: LAYERS_LEFT + x, y: top + y, wires: [[]] }
            nodes.set(junction.id, junction)
            before.wires[0].push(junction.id)
            before = junction
        }
        before.wires[0].push(ids.get(to))
    }
    nodes.get(ids.get(resolved.at(-1).id)).wires[0].push(out)
    const links = [
        {
            ...{ id: out, type: "link out", z, g: group, name: title, mode: "link", links: [into] },
            ...{ x: LAYERS_LEFT + end.x + LINK_ROOM, y: top + end.y, wires: [] }
        },
        {
            ...{ id: into, type: "link in", z, name: title, links: [out] },
            ...{ x: Math.max(LINK_ROOM, module.x - module.w / 2 - LINK_ROOM), y: module.y, wires: [[]] }
        }
    ]
    nameLayers([...nodes.values(), ...links], module, into, new Map([...ids].map(([id, node]) => [node, id])))
    const style = { label: true, "label-position": "sw", stroke: color, fill: color, "fill-opacity": "0.15" }
    return {
        group: { id: group, type: "group", z, name: title, style, nodes: [...nodes.keys(), out] },
        nodes: [...nodes.values(), ...links],
        wire: { from: into, to: module.id },
        bottom: top + height
    }
}

/** Whether a layer is frozen by what its network says, which is said there. */
const isFrozenBy = ({ frozen = [] }, { id }) => frozen.some((pattern) => fits(pattern, id))

const labelOf = ({ id, type }) => (type === "Input" ? id : type)

/** Names the layers that would not get their id by counting. */
function nameLayers(nodes, module, into, idOf) {
    const wired = nodes.map((node) => (node.id === into ? { ...node, wires: [[module.id]] } : node))
    const drawing = graph.index([...wired, { ...module, wires: [] }])
    const network = layers.network(drawing, drawing.node(module.id))
    const byId = new Map(nodes.map((node) => [node.id, node]))
    const named = layers.toName(network, ({ node }) => idOf.get(node.id))
    for (const { node } of named) byId.get(node.id).name = idOf.get(node.id)
}

/**
 * A whole GAN, wired up to a train and a preview node.
 *
 * @param {object} spec  resolved
 * @param {object} usual  { loss, optimizer, training }: what these modules would be where nothing is said of them
 * @param {object} place  { z, newId, service, titleOf, titles, color, start }: flow, ids, id of the service node, what
 *     a module node is called, titles of the networks' groups and their colour, name of the button that starts it
 * @returns {object[]}  the nodes as Node-RED saves them
 */
function drawGan(spec, usual, { z, newId, service, titleOf, titles, color, start }) {
    const gan = { id: newId(), type: GAN, z, name: spec.name, parameters: settingsOf(spec), version: VERSION }
    const modules = modulesOf(spec, usual).map((module, index) => {
        const w = layout.widthOf(titleOf(module), NETWORKS.includes(MODULES[module.type]))
        const node = { id: newId(), z, name: "", ...module, version: VERSION }
        return { ...node, w, x: LEFT + w / 2, y: TOP + index * STEP, wires: [[gan.id]] }
    })
    const middle = TOP + ((modules.length - 1) * STEP) / 2
    const right = Math.max(...modules.map(({ x, w }) => x + w / 2))
    const work = drawWork(gan, { z, newId, service, start, right, y: middle })
    let bottom = Math.max(modules.at(-1).y, middle + PREVIEW_WIDTH * CARD)
    const networks = []
    for (const key of NETWORKS.filter((key) => spec[key].choice === CUSTOM)) {
        const module = modules.find(({ type }) => type === typeOf[key])
        const place = { z, top: bottom + MARGIN, newId, title: titles[key], color }
        const network = drawNetwork(spec[key].layers, module, place)
        network.nodes.find(({ id }) => id === network.wire.from).wires[0].push(module.id)
        networks.push(network)
        bottom = network.bottom
    }
    return [
        ...networks.map(({ group }) => group),
        ...modules.map(({ w, ...node }) => node),
        ...work,
        ...networks.flatMap(({ nodes }) => nodes)
    ]
}

/** The gan node, what trains it, and what shows how that goes. */
function drawWork(gan, { z, newId, service, start, right, y }) {
    const [train, preview] = [newId(), newId()]
    return [
        { ...gan, x: right + ACROSS.gan, y, wires: [[train]] },
        {
            ...{ id: newId(), type: "inject", z, name: start, props: [{ p: "payload" }], repeat: "", crontab: "" },
            ...{ once: false, onceDelay: 0.1, topic: "", payload: "", payloadType: "date" },
            ...{ x: right + ACROSS.gan, y: TOP, wires: [[train]] }
        },
        {
            ...{
                id: train,
                type: "authorgan-train",
                z,
                name: "",
                service,
                runtime: "",
                whenBusy: "refuse",
                stopOnClose: false
            },
            ...{ version: VERSION, x: right + ACROSS.train, y, wires: [[preview], [preview], []] }
        },
        {
            ...{ id: preview, type: "authorgan-preview", z, name: "", show: "both", width: PREVIEW_WIDTH },
            ...{ version: VERSION, x: right + ACROSS.preview, y, wires: [] }
        }
    ]
}

/** The module nodes of a spec as { type, choice, parameters, … }, from top to bottom. */
function modulesOf(spec, usual) {
    const plain = (key) => ({ type: typeOf[key], ...moduleOf(KINDS[key], spec[key], usual[key]) })
    const { generator, discriminator } = spec.optimizer
    const optimizers = same(generator, discriminator)
        ? [["both", generator]]
        : Object.entries({ generator, discriminator })
    return [
        plain("data"),
        ...NETWORKS.map((key) => ({
            ...(spec[key].choice === CUSTOM ? { type: typeOf[key], choice: CUSTOM, parameters: {} } : plain(key)),
            ...startOf(spec[key])
        })),
        { ...plain("loss"), regularizers: regularizersOf(spec.loss, usual.loss) },
        ...optimizers.map(([network, module]) => ({
            type: typeOf.optimizer,
            ...moduleOf(KINDS.optimizer, module, usual.optimizer[network === "both" ? "generator" : network]),
            network
        })),
        plain("training")
    ]
}

/** What the node of a network says of earlier weights: as the spec does, with what else is known of them. */
const startOf = ({ weights, frozen }) => ({ ...(weights && { weights }), ...(frozen && { frozen }) })

/** A resolved module as a node saves it: its choice, and the parameters that differ from what they would be anyhow. */
function moduleOf(kind, module, usual) {
    const { parameters, required } = catalogue[kind][module.choice]
    const kept = {}
    for (const [name, schema] of Object.entries(parameters)) {
        const value = layers.short(module[name], schema)
        const without = usual?.choice === module.choice ? layers.short(usual[name], schema) : (schema.default ?? null)
        if (required.includes(name) || !same(value, without)) kept[name] = value
    }
    return { choice: module.choice, parameters: kept }
}

/** null, where they are those that go with the critic. */
function regularizersOf(loss, usual) {
    if (usual?.choice === loss.choice && same(usual.regularizers, loss.regularizers)) return null
    return loss.regularizers.map((regularizer) => {
        const { choice, parameters } = moduleOf("regularizers", regularizer)
        return { choice, ...parameters }
    })
}

const settingsOf = (spec) =>
    Object.fromEntries(
        Object.keys(SETTINGS)
            .filter((key) => spec[key] !== undefined && !same(spec[key], SETTINGS[key]))
            .map((key) => [key, spec[key]])
    )

/** A resolved spec whose networks are layers of their own instead of families. */
function unfolded(spec) {
    const networks = NETWORKS.map((key) => [
        key,
        { choice: CUSTOM, layers: spec[key].layers, ...transferOf(spec[key]) }
    ])
    return { ...spec, ...Object.fromEntries(networks) }
}

/**
 * The questions whose answers say what is usual for a spec: with its networks alone, and with its loss too.
 * @returns {{ networks: object, loss: object }}  specs to resolve
 */
function questionsOf({ authorgan, data, generator, discriminator, loss }) {
    const networks = { authorgan, data, generator, discriminator }
    return { networks, loss: { ...networks, loss } }
}

/** What is usual, from the answers to `questionsOf`. */
const usualOf = (networks, loss) => ({
    data: undefined,
    loss: networks.loss,
    optimizer: loss.optimizer,
    training: loss.training
})

module.exports = { drawNetwork, drawGan, modulesOf, unfolded, questionsOf, usualOf }
