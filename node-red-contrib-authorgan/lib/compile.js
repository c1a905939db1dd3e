/**
 * A drawing becomes a spec. Pure, and shared by the runtime and the editor.
 *
 * compile(flow, nodeId, options) -> { spec, nodes, problems, gan }
 *
 *   flow      the flow as Node-RED saves it: an array of node configurations
 *   nodeId    an authorgan-train or authorgan-gan node of it
 *   options   translate(code, values) -> text of a problem, without it the text is the code;
 *             nameOf(node) -> what a person calls a node
 *
 *   spec      the spec that the drawing says, sparse (what nobody chose is left to the spec's own defaults);
 *             null when there is no gan node to start from
 *   nodes     JSON pointer in the spec -> id of the node that is responsible for it
 *   problems  [{ pointer, code, message, node_id }], everything that the wires alone can tell
 *   gan       id of the gan node, or null
 */
const graph = require("./graph")
const layers = require("./layers")
const { lossOf } = require("./losses")
const { isNewer } = require("./migrations")
const { CUSTOM, GAN, MODULES, NETWORKS, isStructure, moduleOf, roleOf } = require("./modules")
const { optimizersOf } = require("./optimizers")

/** The keys of the spec that have no default, so that a drawing must show them. */
const REQUIRED = ["data", "generator", "discriminator"]

const nodesOf = (places) => places.map(({ node }) => node)
const clone = (value) => JSON.parse(JSON.stringify(value))
const nameIn = (node) => node.name || moduleOf(node).choice || node.id

function compile(flow, nodeId, options = {}) {
    const drawing = graph.index(flow)
    const problems = []
    const { translate = (code) => code, nameOf = nameIn } = options
    /** Tells a problem of some nodes, once at each. */
    const tell = (code, found, pointer = "", values = {}) => {
        const names = found.map(nameOf)
        const message = translate(code, { name: names[0], names: names.join(", "), ...values })
        for (const id of new Set(found.map(({ id }) => id))) problems.push({ pointer, code, message, node_id: id })
    }

    const start = drawing.node(nodeId)
    if (!start) throw new Error(`There is no node ${nodeId} in this flow.`)
    const gan = start.node.type === GAN ? start : findGan(drawing, start, tell)
    if (!gan) return { spec: null, nodes: {}, problems, gan: null }

    const modules = collectModules(drawing, gan, tell)
    const { spec, nodes } = assemble(drawing, gan, modules, tell)
    Object.assign(nodes, drawLayers(drawing, spec, modules, tell))
    const newer = [...new Set(Object.values(nodes))].map((id) => drawing.node(id).node).filter(isNewer)
    for (const node of newer) tell("newer_version", [node])
    return { spec, nodes, problems, gan: gan.node.id }
}

/** The one gan that is wired into a train node. */
function findGan(drawing, train, tell) {
    const wired = drawing.sources(train).filter(({ node }) => isStructure(node.type))
    const gans = wired.filter(({ node }) => node.type === GAN)
    for (const stray of wired.filter(({ node }) => node.type !== GAN)) {
        tell("module_into_train", [stray.node])
    }
    if (gans.length === 0) tell("no_gan", [train.node])
    if (gans.length > 1) tell("several_gans", nodesOf(gans))
    return gans.length === 1 ? gans[0] : null
}

/** The module nodes wired into a gan: what each is to it -> nodes. */
function collectModules(drawing, gan, tell) {
    const modules = new Map()
    const cycle = drawing.findCycle(gan, ({ node }) => isStructure(node.type))
    if (cycle) tell("cycle", nodesOf(cycle))
    for (const source of drawing.sources(gan)) {
        const { node } = source
        const role = roleOf(node.type)
        if (role) modules.set(role, [...(modules.get(role) || []), node])
        else if (node.type === GAN && !cycle) tell("gan_into_gan", [node])
        else if (layers.isLayer(source)) tell("layer_into_gan", [node])
    }
    return modules
}

/** Puts the modules together. What stands twice is told, and the first one counts. */
function assemble(drawing, gan, modules, tell) {
    const spec = { authorgan: 1 }
    const nodes = { "": gan.node.id }
    if (gan.node.name) spec.name = gan.node.name
    Object.assign(spec, clone(gan.node.parameters || {}))

    const first = (role) => modules.get(role)?.[0]
    for (const key of Object.values(MODULES).filter((key) => modules.has(key) && key !== "optimizer")) {
        const found = modules.get(key)
        if (found.length > 1) {
            tell("several_modules", found, `/${key}`, { module: key, count: found.length })
        }
        spec[key] = moduleOf(found[0])
        nodes[`/${key}`] = found[0].id
    }
    for (const key of REQUIRED.filter((key) => !modules.has(key))) {
        tell(`no_${key}`, [gan.node], `/${key}`)
    }
    const loss = lossOf(drawing, first("loss"), modules.get("regularizer") || [], tell)
    if (loss.module) spec.loss = loss.module
    const networks = new Map(NETWORKS.filter(first).map((key) => [key, first(key)]))
    const { optimizer, nodes: optimizers } = optimizersOf(drawing, modules.get("optimizer") || [], networks, tell)
    if (optimizer) spec.optimizer = optimizer
    return { spec, nodes: { ...nodes, ...loss.nodes, ...optimizers } }
}

/** Puts the layers that are wired into the generator and the discriminator into the spec: pointer -> node id. */
function drawLayers(drawing, spec, modules, tell) {
    const nodes = {}
    const networks = new Map()
    for (const key of NETWORKS.filter((key) => modules.has(key))) {
        const module = drawing.node(modules.get(key)[0].id)
        const network = layers.network(drawing, module)
        networks.set(key, network)
        const pointer = `/${key}`
        for (const { node } of drawing.sources(module)) {
            const stray = isStructure(node.type) && roleOf(node.type) !== "optimizer"
            if (stray) tell("module_into_network", [node], pointer, { module: key })
        }
        if (network.ends.length > 1) tell("several_ends", nodesOf(network.ends), pointer, { module: key })
        if (network.cycle) tell("cycle", nodesOf(network.cycle), pointer)
        if (network.ends.length === 0) {
            if (module.node.choice === CUSTOM) tell("no_layers", [module.node], pointer, { module: key })
            continue
        }
        for (const { place } of network.places.values()) {
            const strays = drawing.sources(place).filter(({ node }) => isStructure(node.type))
            for (const stray of strays) tell("module_into_layer", [stray.node], pointer)
        }
        const drawn = layers.layersOf(network)
        // A family's parameters say nothing about layers of one's own.
        spec[key] = { choice: CUSTOM, layers: drawn }
        for (const [index, { node_id }] of drawn.entries()) nodes[`${pointer}/layers/${index}`] = node_id
    }
    tellShared(networks, tell)
    tellDangling(drawing, [...networks.values()], tell)
    return nodes
}

/** Each network has weights of its own. An Input has none, so both may start at the same. */
function tellShared(networks, tell) {
    if (networks.size < 2) return
    const [first, second] = [...networks.values()].map(({ places }) => places)
    const shared = [...first.keys()].filter((key) => second.has(key)).map((key) => first.get(key).place.node)
    const weighty = shared.filter(({ type }) => layers.layerName(type) !== "Input")
    if (weighty.length > 0) tell("shared_layer", weighty)
}

/** A layer that leads nowhere, where it branches off these networks. It may lead to another GAN's. */
function tellDangling(drawing, networks, tell) {
    if (networks.every(({ places }) => places.size === 0)) return
    const modules = drawing.nodes.filter(({ type }) => NETWORKS.includes(MODULES[type])).map(({ id }) => id)
    const known = modules.map((id) => layers.network(drawing, drawing.node(id)))
    const loose = layers.dangling(drawing, networks, known)
    for (const { node } of loose) tell("dangling_layer", [node])
}

/**
 * A drawn network by itself, for its shapes while the GAN around it is not complete: the rest is what stands nearest.
 * @returns {{ spec, nodes } | null}  null where there are no layers, or they go in a circle
 */
function sketch(flow, nodeId) {
    const drawing = graph.index(flow)
    const module = drawing.node(nodeId)
    const key = MODULES[module.node.type]
    const network = layers.network(drawing, module)
    if (network.places.size === 0) return null
    const data = drawing.nodes.find((node) => roleOf(node.type) === "data" && !node.d)
    const spec = { authorgan: 1, data: data ? moduleOf(data) : { choice: "digits" } }
    for (const other of NETWORKS) spec[other] = { choice: "gan" }
    spec[key] = { choice: CUSTOM, layers: layers.layersOf(network) }
    const nodes = { [`/${key}`]: nodeId }
    for (const [index, { node_id }] of spec[key].layers.entries()) nodes[`/${key}/layers/${index}`] = node_id
    return { spec, nodes }
}

/** The node responsible for a place in the spec: that of the longest pointer which contains it. */
function nodeAt(nodes, pointer) {
    for (let at = pointer || ""; ; at = at.slice(0, at.lastIndexOf("/"))) {
        if (Object.hasOwn(nodes, at)) return nodes[at]
        if (at === "") return null
    }
}

module.exports = { compile, sketch, nodeAt }
