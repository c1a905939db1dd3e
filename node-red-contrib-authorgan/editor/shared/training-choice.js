/**
 * The training that a node asks about, by the train node that starts it. Its id is saved as `train`, whose default has
 * the type "authorgan-train[]": where nodes are copied, by pasting or importing them, Node-RED gives the copies ids of
 * their own and puts the new ids into properties that have a type, as it does for its link nodes. So a copied node asks
 * the copied train node, and one that is copied alone asks the same as before. The [] keeps Node-RED's dialogs from
 * taking the train node for a configuration node; there is one id.
 */
import { text } from "./texts.js"

const TYPE = "authorgan-train"

// Not `node-input-train`: what a field of such a name says, Node-RED would take for a configuration node's id.
const field = () => $("#authorgan-train")

/** The id of the train node that is chosen in the open dialog, or "". */
export const chosen = () => field().val() || ""

/** Offers the train nodes, those of the node's own flow first; its service is theirs, so none is asked for. */
export function prepare(node) {
    for (const train of inReachOf(node)) option(train.id, labelFor(train, node)).appendTo(field())
    if (node.train && !isInReach(RED.nodes.node(node.train), node))
        option(node.train, text("training.gone", { id: node.train })).appendTo(field())
    field().val(node.train || "")
    const ownService = () => $("#authorgan-service-row").toggle(chosen() === "")
    field().on("change", ownService)
    ownService()
}

export function save(node) {
    node.train = chosen()
}

/** Why the train node of a node cannot be asked, in words, or true. */
export function reasonOf(node) {
    if (!node.train) return true
    const train = RED.nodes.node(node.train)
    if (train?.type !== TYPE) return text("training.gone", { id: node.train })
    const label = RED.utils.getNodeLabel(train, train.id)
    return isInReach(train, node) || text("training.inSubflow", { label, subflow: nameOf(train.z) })
}

const option = (value, label) => $("<option>").val(value).text(label)

/** A train node in a subflow runs once in each of its instances, and only its neighbours there know which is meant. */
const isInReach = (train, { z }) => train?.type === TYPE && (train.z === z || !RED.nodes.subflow(train.z))

/** In the order of the flows. */
function inReachOf(node) {
    const order = [node.z, ...RED.nodes.getWorkspaceOrder()]
    const place = ({ z }) => order.indexOf(z)
    const trains = RED.nodes.filterNodes({ type: TYPE }).filter((train) => isInReach(train, node))
    return trains.sort((a, b) => place(a) - place(b))
}

/** Copies have the same label; that of another flow is told by the flow. */
function labelFor(train, { z }) {
    const label = RED.utils.getNodeLabel(train, train.id)
    return train.z === z ? label : `${label} (${nameOf(train.z)})`
}

function nameOf(z) {
    const flow = RED.nodes.workspace(z) || RED.nodes.subflow(z)
    return flow?.label || flow?.name || z
}
