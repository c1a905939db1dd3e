/**
 * A drawing becomes a spec. Pure, and shared by the runtime and the editor.
 *
 * compile(flow, nodeId, options) -> { spec, nodes, paths, problems, hints, gan }
 *
 *   flow      the flow as Node-RED saves it: an array of node configurations
 *   nodeId    an authorgan-gan node of it, or one that a gan is wired into (train, sweep)
 *   options   translate(code, values) -> text of a problem, without it the text is the code;
 *             nameOf(node) -> what a person calls a node
 *
 *   spec      the spec that the drawing says, sparse (what nobody chose is left to the spec's own defaults);
 *             null when there is no gan node to start from
 *   nodes     JSON pointer in the spec -> id of the node that is responsible for it
 *   paths     pointer of a layer that lies in subflows -> ids of the instances that lead to it, outermost first
 *   problems  [{ pointer, code, message, node_id }], everything that the wires alone can tell
 *   hints     the same of what is no problem, and yet may not be meant
 *   gan       id of the gan node, or null
 */
const graph = require("./graph")
const layers = require("./layers")
const { lossOf } = require("./losses")
const { isNewer } = require("./migrations")
const { CUSTOM, GAN, MODULES, NETWORKS, isStructure, isUnknown, moduleOf, roleOf } = require("./modules")
const { optimizersOf } = require("./optimizers")
const { trainWith } = require("./runtimes")
const { transferOf } = require("./transfer")

/** The keys of the spec that have no default, so that a drawing must show them. */
const REQUIRED = ["data", "generator", "discriminator"]

const clone = (value) => JSON.parse(JSON.stringify(value))
const nameIn = (node) => node.name || moduleOf(node).choice || node.id

function compile(flow, nodeId, options = {}) {
    const drawing = graph.index(flow)
    const [problems, hints] = [[], []]
    const { translate = (code) => code, nameOf = nameIn } = options
    /** Tells a problem of some nodes or places, once at each; in a subflow, at the instances that lead there too. */
    const tellIn =
        (list) =>
        (code, found, pointer = "", values = {}) => {
            const places = found.map((each) => (each.path ? each : { node: each, path: [] }))
            const names = places.map(({ node }) => nameOf(node))
            const message = translate(code, { name: names[0], names: names.join(", "), ...values })
            const ids = places.flatMap(({ node, path }) => [node.id, ...path])
            for (const id of new Set(ids)) list.push({ pointer, code, message, node_id: id })
        }
    const tell = tellIn(problems)

    const start = drawing.node(nodeId)
    if (!start) throw new Error(`There is no node ${nodeId} in this flow.`)
    const gan = start.node.type === GAN ? start : findGan(drawing, start, tell)
    if (!gan) return { spec: null, nodes: {}, paths: {}, problems, hints, gan: null }

    const modules = collectModules(drawing, gan, tell)
    const { spec, nodes } = assemble(drawing, gan, modules, tell)
    trainWith(start.node, spec, nodes)
    const { nodes: drawn, paths } = drawLayers(drawing, spec, modules, { tell, hint: tellIn(hints) })
    Object.assign(nodes, drawn)
    const newer = [...new Set(Object.values(nodes))].map((id) => drawing.node(id).node).filter(isNewer)
    for (const node of newer) tell("newer_version", [node])
    return { spec, nodes, paths, problems, hints, gan: gan.node.id }
}

/** The one gan that is wired into a train or sweep node. */
function findGan(drawing, starter, tell) {
    const wired = drawing.sources(starter).filter(({ node }) => isStructure(node.type))
    const gans = wired.filter(({ node }) => node.type === GAN)
    for (const stray of wired.filter(({ node }) => node.type !== GAN)) {
        tell("module_into_train", [stray.node])
    }
    if (gans.length === 0) tell("no_gan", [starter.node])
    if (gans.length > 1) tell("several_gans", gans)
    return gans.length === 1 ? gans[0] : null
}

/** The module nodes wired into a gan: what each is to it -> nodes. */
function collectModules(drawing, gan, tell) {
    const modules = new Map()
    const cycle = drawing.findCycle(gan, ({ node }) => isStructure(node.type))
    if (cycle) tell("cycle", cycle)
    for (const source of drawing.sources(gan)) {
        const { node } = source
        const role = roleOf(node.type)
        if (role) modules.set(role, [...(modules.get(role) || []), node])
        else if (node.type === GAN && !cycle) tell("gan_into_gan", [node])
        else if (layers.isLayer(source)) tell("layer_into_gan", [source])
        else if (isUnknown(node.type)) tell("unknown_type", [source, gan], "", { type: node.type })
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

/**
 * Puts the layers that are wired into the generator and the discriminator into the spec.
 * @returns {{ nodes, paths }}  pointer -> node id; pointer -> ids of the subflow instances that lead to a layer
 */
function drawLayers(drawing, spec, modules, { tell, hint }) {
    const found = { nodes: {}, paths: {} }
    const networks = new Map()
    for (const key of NETWORKS.filter((key) => modules.has(key))) {
        const module = drawing.node(modules.get(key)[0].id)
        const network = layers.network(drawing, module)
        networks.set(key, network)
        const pointer = `/${key}`
        for (const stray of network.strays) tellStray(drawing, stray, module, key, tell)
        if (network.ends.length > 1) tell("several_ends", network.ends, pointer, { module: key })
        if (network.cycle) tell("cycle", network.cycle, pointer)
        if (network.ends.length === 0) {
            if (module.node.choice === CUSTOM) tell("no_layers", [module.node], pointer, { module: key })
            continue
        }
        // A family's parameters say nothing about layers of one's own.
        spec[key] = { choice: CUSTOM, layers: layers.layersOf(network), ...transferOf(module.node) }
        point(found, network, pointer)
        for (const same of layers.namesakes(network)) {
            const ids = same.map(({ id }) => id).join(", ")
            const types = same.map(({ place }) => layers.layerName(place.node.type)).join(", ")
            const places = same.map(({ place }) => place)
            hint("same_name", places, pointer, { count: same.length, types, ids })
        }
    }
    tellShared(networks, tell)
    tellDangling(drawing, [...networks.values()], tell)
    return found
}

/** Notes which node, and which instances of subflows, each layer of a network comes from. */
function point({ nodes, paths }, network, pointer) {
    for (const [index, { place }] of [...network.places.values()].entries()) {
        nodes[`${pointer}/layers/${index}`] = place.node.id
        if (place.path.length > 0) paths[`${pointer}/layers/${index}`] = place.path
    }
}

/** Something that is wired into a network and is no layer of it. */
function tellStray(drawing, { source, into }, module, key, tell) {
    const { type } = source.node
    const pointer = `/${key}`
    if (isUnknown(type)) {
        tell("unknown_type", [source, into], pointer, { type })
    } else if (type.startsWith("subflow:")) {
        tell("subflow_in_itself", [source], pointer)
    } else if (isStructure(type)) {
        if (into !== module) tell("module_into_layer", [source], pointer)
        else if (roleOf(type) !== "optimizer") tell("module_into_network", [source], pointer, { module: key })
    } else if (drawing.feeds(source).some(layers.isLayer)) {
        tell("no_layer", [source, into], pointer)
    }
}

/** Each network has weights of its own. An Input has none, so both may start at the same. */
function tellShared(networks, tell) {
    if (networks.size < 2) return
    const [first, second] = [...networks.values()].map(({ places }) => places)
    const shared = [...first.keys()].filter((key) => second.has(key)).map((key) => first.get(key).place)
    const weighty = shared.filter(({ node }) => layers.layerName(node.type) !== "Input")
    if (weighty.length > 0) tell("shared_layer", weighty)
}

/** A layer that leads nowhere, where it branches off these networks. It may lead to another GAN's. */
function tellDangling(drawing, networks, tell) {
    if (networks.every(({ places }) => places.size === 0)) return
    const modules = drawing.nodes.filter(({ type }) => NETWORKS.includes(MODULES[type])).map(({ id }) => id)
    const known = modules.map((id) => layers.network(drawing, drawing.node(id)))
    const loose = layers.dangling(drawing, networks, known)
    for (const place of loose) tell("dangling_layer", [place])
}

/**
 * A drawn network by itself, for its shapes while the GAN around it is not complete: the rest is what stands nearest.
 * @returns {{ spec, nodes, paths } | null}  null where there are no layers, or they go in a circle
 */
function sketch(flow, nodeId) {
    const drawing = graph.index(flow)
    const module = drawing.node(nodeId)
    const key = MODULES[module.node.type]
    const drawn = sketchOf(drawing, layers.network(drawing, module), key)
    if (drawn) drawn.nodes[`/${key}`] = nodeId
    return drawn
}

/**
 * Layers that lead to no module node yet, as far as they can be measured.
 * @param {Set<string>} known  keys of the layers that are asked about anyhow: instance ids and node id, joined by "/"
 * @returns {object[]}  for each flow { flow: id, spec, nodes, paths }
 */
function sketchLoose(flow, known) {
    const drawing = graph.index(flow)
    const byFlow = new Map()
    for (const { id } of drawing.nodes) {
        const place = drawing.node(id)
        if (!drawing.isOn(place)) continue
        const found = layers.isLayer(place) ? [place] : drawing.outputsOf(place).filter(layers.isLayer)
        const loose = found.filter((each) => !known.has(graph.keyOf(each)))
        if (loose.length > 0) byFlow.set(place.node.z, [...(byFlow.get(place.node.z) || []), ...loose])
    }
    return [...byFlow]
        .map(([z, ends]) => ({ flow: z, drawn: sketchOf(drawing, layers.upstream(drawing, ends), "generator") }))
        .filter(({ drawn }) => drawn)
        .map(({ flow, drawn }) => ({ flow, ...drawn }))
}

function sketchOf(drawing, network, key) {
    if (network.places.size === 0) return null
    const data = drawing.nodes.find((node) => roleOf(node.type) === "data" && !node.d)
    const spec = { authorgan: 1, data: data ? moduleOf(data) : { choice: "digits" } }
    for (const other of NETWORKS) spec[other] = { choice: "gan" }
    spec[key] = { choice: CUSTOM, layers: layers.layersOf(network) }
    const found = { nodes: {}, paths: {} }
    point(found, network, `/${key}`)
    return { spec, ...found }
}

/** What is responsible for a place in the spec (`nodes`, `paths`): that of the longest pointer which contains it. */
function nodeAt(nodes, pointer) {
    for (let at = pointer || ""; ; at = at.slice(0, at.lastIndexOf("/"))) {
        if (Object.hasOwn(nodes, at)) return nodes[at]
        if (at === "") return null
    }
}

module.exports = { compile, sketch, sketchLoose, nodeAt }
