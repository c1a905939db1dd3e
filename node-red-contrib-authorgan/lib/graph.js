/**
 * A flow, seen against the direction of its wires. Pure and shared by the runtime and the editor.
 *
 * What carries no meaning of its own is looked through: junctions, link nodes, the boundaries of subflows. What does
 * not run is left out: disabled nodes and whatever lies in a disabled flow.
 *
 * A place is { node, path }: a node's configuration, and the ids of the subflow instances it was reached through,
 * because one node of a subflow stands for as many nodes as the subflow has instances.
 */
const { migrate } = require("./migrations")

const SUBFLOW = /^subflow:(.+)$/
const keyOf = ({ node, path }) => [...path, node.id].join("/")

/** Flow -> its index, so that the many questions about one drawing share it. A flow is never changed, only replaced. */
const indexes = new WeakMap()

/** @param {object[]} flow  node configurations, as Node-RED saves them; those of earlier palettes are brought up to date */
function index(flow) {
    if (!indexes.has(flow)) indexes.set(flow, build(flow.map(migrate)))
    return indexes.get(flow)
}

function build(flow) {
    const byId = new Map(flow.map((node) => [node.id, node]))
    const order = new Map(flow.map(({ id }, position) => [id, position]))
    const incoming = incomingWires(flow)
    // The subflows that are being left without a path: one that is met again contains itself.
    const leaving = new Set()
    const isOff = (node) => node.d === true || byId.get(node.z)?.disabled === true
    const place = (id, path) => {
        const node = byId.get(id)
        return node && !isOff(node) ? { node, path } : null
    }

    /** The places one wire upstream, with the boundary of a subflow instance already crossed, from top to bottom. */
    function wiredInto({ node, path }) {
        return fromTop(incoming.get(node.id) || []).flatMap(({ id, port, boundary }) => {
            if (boundary) return leaveSubflow(id, path)
            const source = place(id, path)
            if (!source) return []
            const subflow = SUBFLOW.exec(source.node.type)
            return subflow ? enterSubflow(subflow[1], port, source) : [source]
        })
    }

    /** Wires in the order in which their ends stand in the drawing: those of a subflow's input, at that input. */
    function fromTop(wires) {
        if (wires.length < 2) return wires
        const end = ({ id, boundary }) => (boundary ? byId.get(id).in[0] : byId.get(id)) || {}
        const [height, across] = ["y", "x"].map((axis) => (wire) => end(wire)[axis] ?? 0)
        return [...wires].sort((a, b) => height(a) - height(b) || across(a) - across(b))
    }

    function enterSubflow(subflowId, port, { node, path }) {
        // A subflow that contains itself has no inside to speak of; the instance itself is what is found.
        if (path.includes(node.id)) return [{ node, path }]
        const output = byId.get(subflowId)?.out?.[port]
        const inside = [...path, node.id]
        return fromTop(output?.wires || []).flatMap((wire) => {
            // A wire from the subflow's input straight to its output.
            if (wire.id === subflowId) return leaveSubflow(subflowId, inside)
            const source = place(wire.id, inside)
            if (!source) return []
            const nested = SUBFLOW.exec(source.node.type)
            return nested ? enterSubflow(nested[1], wire.port, source) : [source]
        })
    }

    /** From the input of a subflow to what feeds its instance; without a path, to what feeds all its instances. */
    function leaveSubflow(subflowId, path) {
        if (path.length > 0) {
            const instance = place(path.at(-1), path.slice(0, -1))
            return instance ? wiredInto(instance) : []
        }
        if (leaving.has(subflowId)) return []
        leaving.add(subflowId)
        const instances = flow.filter(({ type }) => type === `subflow:${subflowId}`).map(({ id }) => place(id, []))
        const feeding = instances.filter(Boolean).flatMap(wiredInto)
        leaving.delete(subflowId)
        return feeding
    }

    /** Everything that feeds a place, each once, in the order of the flow; junctions and links are looked through. */
    function sources(target) {
        const found = new Map()
        const seen = new Set()
        const open = [target]
        while (open.length > 0) {
            for (const source of wiredInto(open.pop())) {
                const key = keyOf(source)
                if (seen.has(key)) continue
                seen.add(key)
                if (isTransparent(source.node)) open.push(source)
                else found.set(key, source)
            }
        }
        return [...found.values()].sort((a, b) => order.get(a.node.id) - order.get(b.node.id))
    }

    /**
     * What feeds a place wire by wire, from top to bottom as the wires' ends stand in the drawing: junctions and links
     * are looked through, each once, so that a source which is wired in twice counts twice.
     */
    function feeds(target) {
        const found = []
        const seen = new Set()
        const open = [target]
        while (open.length > 0) {
            const at = open.pop()
            if (at !== target && !isTransparent(at.node)) {
                found.push(at)
            } else if (!seen.has(keyOf(at))) {
                seen.add(keyOf(at))
                open.push(...wiredInto(at).reverse())
            }
        }
        return found
    }

    /** The first loop upstream of a place among the nodes that `matters` accepts: places from start to start, or null. */
    function findCycle(start, matters) {
        const done = new Set()
        const trail = []
        const visit = (at) => {
            const key = keyOf(at)
            const position = trail.findIndex((before) => keyOf(before) === key)
            if (position >= 0) return [...trail.slice(position), at].reverse()
            if (done.has(key)) return null
            trail.push(at)
            for (const source of sources(at).filter(matters)) {
                const cycle = visit(source)
                if (cycle) return cycle
            }
            trail.pop()
            done.add(key)
            return null
        }
        return visit(start)
    }

    return {
        nodes: flow,
        node: (id) => (byId.has(id) ? { node: byId.get(id), path: [] } : null),
        /** Whether a node runs and lies in a flow of its own: what lies in a subflow is reached through its instances. */
        isOn: ({ node }) => !isOff(node) && byId.get(node.z)?.type !== "subflow",
        sources,
        feeds,
        /** What comes out of a subflow instance: the places inside it that its outputs are wired from. */
        outputsOf: (place) => {
            const [, id] = SUBFLOW.exec(place.node.type) || []
            return (byId.get(id)?.out || []).flatMap((_, port) => enterSubflow(id, port, place))
        },
        findCycle
    }
}

const isTransparent = ({ type }) => type === "junction" || type === "link in" || type === "link out"

/** node id -> [{ id, port }] of what is wired into it; { id: subflow, boundary: true } for the input of its subflow. */
function incomingWires(flow) {
    const incoming = new Map()
    const add = (target, wire) => {
        const wires = incoming.get(target) || []
        if (!wires.some(({ id, port }) => id === wire.id && port === wire.port)) incoming.set(target, [...wires, wire])
    }
    for (const node of flow) {
        for (const [port, targets] of (node.wires || []).entries()) {
            for (const target of targets) add(target, { id: node.id, port })
        }
        if (node.type === "subflow") {
            for (const { wires } of node.in || []) {
                for (const { id } of wires) add(id, { id: node.id, port: 0, boundary: true })
            }
        }
        // Either end of a link may be the one that remembers it.
        if (node.type === "link in") for (const id of node.links || []) add(node.id, { id, port: 0 })
        if (node.type === "link out") for (const id of node.links || []) add(id, { id: node.id, port: 0 })
    }
    return incoming
}

module.exports = { index, keyOf }
