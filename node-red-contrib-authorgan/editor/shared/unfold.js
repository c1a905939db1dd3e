/** Places the layers of a family on the canvas, wired into its module node, ready to be changed. */

import layerType from "../../lib/layer-type.js"
import layers from "../../lib/layers.js"
import layout from "../../lib/layout.js"
import { askFor, isDrawn, resolvedOf } from "./answers.js"
import { text } from "./texts.js"

/** Room between what is in the drawing already and what is added below it, and to the left of it. */
const MARGIN = 120
const LEFT = 60
/** From a node to the middle of a link node beside it. */
const LINK_ROOM = 45

/** The button in the dialog of a generator or discriminator; layers of one's own are unfolded already. */
export function prepare(node) {
    const [row, choice] = [$("#authorgan-unfold-row"), $("#node-input-choice")]
    const offer = () => row.toggle(!isDrawn(node) && choice.val() !== "custom")
    choice.on("change", offer)
    offer()
    $("#authorgan-unfold").on("click", () => {
        // What was typed is what is unfolded.
        $("#node-dialog-ok").trigger("click")
        unfold(node)
    })
}

async function unfold(node) {
    const role = node.type.replace("authorgan-", "")
    const other = role === "generator" ? "discriminator" : "generator"
    const data = resolvedOf(node)?.spec.data || { choice: "digits" }
    const module = { ...node.parameters, choice: node.choice }
    // A conditional network asks for a partner that sees the label too, so the partner is of the same family.
    const spec = { authorgan: 1, data, [role]: module, [other]: { choice: node.choice } }
    try {
        place(node, (await askFor(spec))[role].layers)
    } catch (error) {
        RED.notify(text("unfoldFailed", { reason: error.message }), { type: "error", timeout: 10_000 })
    }
}

/** Adds the nodes, wires and group, and turns the module to its own layers; one step of the history. */
function place(node, resolved) {
    const labelOf = ({ id, type }) => (type === "Input" ? id : type)
    const { places, end } = layout.arrange(resolved, labelOf)
    const top = bottomOf(node.z) + MARGIN
    const ids = new Map(resolved.map(({ id }) => [id, RED.nodes.id()]))
    const group = RED.nodes.id()
    // A pair of link nodes instead of a wire: the module stands anywhere, and a wire would cross what lies between.
    const [out, into] = [RED.nodes.id(), RED.nodes.id()]
    const drawn = resolved.map((layer) => ({
        id: ids.get(layer.id),
        type: layerType.nodeType(layer.type),
        z: node.z,
        g: group,
        name: layer.type === "Input" ? layer.id : "",
        parameters: layers.sparse(layer),
        version: 1,
        x: LEFT + places.get(layer.id).x,
        y: top + places.get(layer.id).y,
        wires: [resolved.filter(({ inputs }) => inputs.includes(layer.id)).map(({ id }) => ids.get(id))]
    }))
    const frame = {
        id: group,
        type: "group",
        z: node.z,
        name: RED.utils.getNodeLabel(node, node.type),
        style: {
            label: true,
            "label-position": "sw",
            stroke: node._def.color,
            fill: node._def.color,
            "fill-opacity": "0.15"
        },
        nodes: [...ids.values(), out]
    }
    const before = { choice: node.choice, parameters: node.parameters, changed: node.changed, dirty: RED.nodes.dirty() }
    drawn.at(-1).wires = [[out]]
    const links = [
        {
            ...{ id: out, type: "link out", z: node.z, g: group, name: frame.name, mode: "link", links: [into] },
            ...{ x: LEFT + end.x + LINK_ROOM, y: top + end.y, wires: [] }
        },
        {
            ...{ id: into, type: "link in", z: node.z, name: frame.name, links: [out] },
            ...{ x: Math.max(LINK_ROOM, node.x - node.w / 2 - LINK_ROOM), y: node.y, wires: [[]] }
        }
    ]
    const added = RED.nodes.import([frame, ...drawn, ...links])
    const wire = { source: RED.nodes.node(into), sourcePort: 0, target: node }
    RED.nodes.addLink(wire)
    Object.assign(node, { choice: "custom", parameters: {}, changed: true, dirty: true })
    RED.history.push({
        t: "multi",
        dirty: before.dirty,
        events: [
            { t: "add", nodes: [...ids.values(), out, into], links: [...added.links, wire], groups: added.groups },
            {
                t: "edit",
                node,
                changes: { choice: before.choice, parameters: before.parameters },
                changed: before.changed
            }
        ]
    })
    RED.nodes.dirty(true)
    RED.events.emit("nodes:change", node)
    RED.view.redraw(true)
    RED.view.reveal(drawn[0].id)
}

/** Where the drawing in a flow ends, with the cards that hang below previews. */
function bottomOf(z) {
    const bottoms = RED.nodes.filterNodes({ z }).map(({ type, y, width }) => {
        return type === "authorgan-preview" ? y + Number(width) * 1.6 : y
    })
    return Math.max(0, ...bottoms)
}
