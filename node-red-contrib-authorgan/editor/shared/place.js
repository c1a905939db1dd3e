/** Puts what was drawn on the canvas, as one step of the history. */
import { hasCard } from "./canvas.js"

/**
 * @param {object[]} flow  nodes as saved
 * @param {{ wires?: { from: string, to: string }[], edits?: { node: object, changes: object }[] }} [more]  wires between
 *     what is added and what is there already; changes of nodes that are there
 */
export function place(flow, { wires = [], edits = [] } = {}) {
    const before = RED.nodes.dirty()
    const added = RED.nodes.import(flow, { markChanged: true })
    const links = wires.map(({ from, to }) => {
        const link = { source: RED.nodes.node(from), sourcePort: 0, target: RED.nodes.node(to) }
        RED.nodes.addLink(link)
        return link
    })
    const edited = edits.map(({ node, changes }) => {
        const old = Object.fromEntries(Object.keys(changes).map((key) => [key, node[key]]))
        const event = { t: "edit", node, changes: old, changed: node.changed, dirty: before }
        Object.assign(node, changes, { changed: true, dirty: true })
        RED.events.emit("nodes:change", node)
        return event
    })
    const { nodes, groups, junctions, workspaces } = added
    const add = { t: "add", nodes: nodes.map(({ id }) => id), links: [...added.links, ...links], groups, junctions }
    RED.history.push({ t: "multi", dirty: before, events: [{ ...add, workspaces, dirty: before }, ...edited] })
    RED.nodes.dirty(true)
    RED.view.redraw(true)
}

/** What a node needs to be drawn beside: its place and width on the canvas. */
export const onCanvas = ({ id, type, x, y, w, z, choice, parameters }) => ({ id, type, x, y, w, z, choice, parameters })

/** Where the drawing in a flow ends, with the cards that hang below previews. */
export function bottomOf(z) {
    const bottoms = RED.nodes.filterNodes({ z }).map((node) => {
        return hasCard(node) ? node.y + Number(node.width) * 1.6 : node.y
    })
    return Math.max(0, ...bottoms)
}
