/** Places the layers of a family on the canvas, wired into its module node, ready to be changed. */

import compiler from "../../lib/compile.js"
import draw from "../../lib/draw.js"
import entries from "../../lib/entries.js"
import layout from "../../lib/layout.js"
import migrations from "../../lib/migrations/index.js"
import modules from "../../lib/modules.js"
import { gansOf, isDrawn, resolvedOf } from "./answers.js"
import { askFor, completeFlow } from "./asking.js"
import { titleOf } from "./labels.js"
import { bottomOf, onCanvas, place } from "./place.js"
import { text } from "./texts.js"

const { compile } = compiler
const { CUSTOM, MODULES, NETWORKS, entryOf } = modules
const { widthOf } = layout

/** Room between what is in the drawing already and what is added below it. */
const MARGIN = 120
/** Of what is added to a gan that had it by default: the distance from one to the next. */
const STEP = 60

/** The modules whose usual values follow from the discriminator's family. */
const FOLLOWING = ["loss", "optimizer", "training"]
const NOTHING = { added: [], wires: [], edits: [] }

/** Whether there is a family to unfold in a node. */
const canUnfold = (node) => NETWORKS.includes(MODULES[node?.type]) && !isDrawn(node) && node.choice !== CUSTOM

/** The button in the dialog of a generator or discriminator; layers of one's own are unfolded already. */
export function prepare(node) {
    const [row, choice] = [$("#authorgan-unfold-row"), $("#node-input-choice")]
    const offer = () => row.toggle(!isDrawn(node) && choice.val() !== CUSTOM)
    choice.on("change", offer)
    offer()
    $("#authorgan-unfold").on("click", () => {
        // What was typed is what is unfolded.
        $("#node-dialog-ok").trigger("click")
        unfold(node)
    })
}

/** The menu's entry: the families in the selected nodes, one after the other. */
export async function unfoldSelected() {
    const nodes = (RED.view.selection().nodes || []).filter(canUnfold)
    if (nodes.length === 0) RED.notify(text("unfoldNothing"), { type: "warning", timeout: 6000 })
    for (const node of nodes) await unfold(node)
}

async function unfold(node) {
    const role = MODULES[node.type]
    const other = role === "generator" ? "discriminator" : "generator"
    const data = resolvedOf(node)?.spec.data || { choice: "digits" }
    const module = { ...node.parameters, choice: node.choice }
    // A conditional network asks for a partner that sees the label too, so the partner is of the same family.
    const spec = { authorgan: 1, data, [role]: module, [other]: { choice: node.choice } }
    try {
        const { layers } = (await askFor(spec))[role]
        const { added, wires, edits } = role === "discriminator" ? await keptUsual(node, layers) : NOTHING
        const network = draw.drawNetwork(layers, onCanvas(node), {
            z: node.z,
            top: Math.max(bottomOf(node.z), ...added.map(({ y }) => y)) + MARGIN,
            newId: RED.nodes.id,
            title: RED.utils.getNodeLabel(node, node.type),
            color: node._def.color
        })
        const changes = { choice: CUSTOM, parameters: {} }
        place([network.group, ...network.nodes, ...added], {
            wires: [network.wire, ...wires],
            edits: [{ node, changes }, ...edits]
        })
        RED.view.reveal(network.group.nodes[0])
    } catch (error) {
        RED.notify(text("unfoldFailed", { reason: error.message }), { type: "error", timeout: 10_000 })
    }
}

/**
 * Loss, optimizer and training follow from the discriminator's family where nobody chose them. Its layers alone say no
 * family, so what would change is written down: in the nodes that are there, else in new ones.
 */
async function keptUsual(node, layers) {
    const [added, edits] = [[], []]
    for (const gan of gansOf(node)) {
        const { spec, nodes, problems } = compile(completeFlow(), gan.id)
        if (problems.length > 0) continue
        const before = { ...(await askFor(spec)), discriminator: { choice: CUSTOM, layers } }
        const after = await askFor({ ...spec, discriminator: before.discriminator })
        const changed = FOLLOWING.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
        if (changed.length === 0) continue
        const questions = draw.questionsOf(before)
        const usual = draw.usualOf(await askFor(questions.networks), await askFor(questions.loss))
        const following = draw.modulesOf(before, usual).filter(({ type }) => changed.includes(MODULES[type]))
        for (const { type, ...module } of following) {
            const ids = idsAt(nodes, MODULES[type], module.network)
            if (ids.length > 1) delete module.network
            if (Object.hasOwn(nodes, "/loss/regularizers/0")) delete module.regularizers
            for (const node of ids.map((id) => RED.nodes.node(id))) {
                if (!entryOf(node.type)) {
                    edits.push({ node, changes: module })
                    continue
                }
                // Such a node is its choice, and the regularizers of such a loss are nodes as well.
                const { choice, regularizers, ...changes } = module
                edits.push({ node, changes })
                for (const { choice, ...parameters } of regularizers || [])
                    added.push({ gan, module: { type: entries.nodeType("regularizers", choice), parameters } })
            }
            if (ids.length === 0) added.push({ gan, module: { type, ...module } })
        }
    }
    const nodes = added.map(({ module }, index) => below(node, module, index))
    const wires = nodes.map(({ id }, index) => ({ from: id, to: added[index].gan.id }))
    return { added: nodes, wires, edits }
}

/** A module node that is added below another and what stands there already. */
function below({ x, y, z, w }, module, index) {
    const column = RED.nodes.filterNodes({ z }).filter((other) => other.y >= y && Math.abs(other.x - x) < w)
    const top = Math.max(y, ...column.map((other) => other.y)) + STEP
    const place = { x: x - w / 2 + widthOf(titleOf(module), false) / 2, y: top + index * STEP }
    return { id: RED.nodes.id(), z, name: "", version: migrations.VERSION, ...module, ...place, wires: [[]] }
}

/** The nodes that a module comes from. */
function idsAt(nodes, key, network) {
    const roles = network === "both" ? NETWORKS : [network]
    return [`/${key}`, ...roles.map((role) => `/${key}/${role}`)].map((pointer) => nodes[pointer]).filter(Boolean)
}
