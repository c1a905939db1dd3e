/** A network that another program has saved is drawn as the layers of a generator or discriminator. */
import compiler from "../../lib/compile.js"
import draw from "../../lib/draw.js"
import imported from "../../lib/imported.js"
import modules from "../../lib/modules.js"
import { gansOf, inWords, isDrawn } from "./answers.js"
import { askFor, askNetwork, completeFlow } from "./asking.js"
import { drawResolved } from "./draw-spec.js"
import { bottomOf, onCanvas, place } from "./place.js"
import { text } from "./texts.js"

const { compile } = compiler
const { CUSTOM, GAN, NETWORKS } = modules

/** Room between what is in the drawing already and what is added below it. */
const MARGIN = 120

/** Of a file: { name, layers, role }, role null where the shapes do not tell which of the two it is. */
export async function readNetwork(file) {
    const layers = await askNetwork(file)
    return { name: file.name.replace(/\.\w+$/, ""), layers, role: imported.roleOf(layers) }
}

/**
 * The module nodes of the flow that is open which may take a network: [{ node, gan }], those of a selected GAN first.
 * One that has layers already is left as it is.
 */
export function placesFor(role) {
    const z = RED.workspaces.active()
    const flow = completeFlow()
    const selected = new Set((RED.view.selection().nodes || []).flatMap((node) => [node, ...gansOf(node)]))
    return RED.nodes
        .filterNodes({ z, type: GAN })
        .sort((a, b) => selected.has(b) - selected.has(a))
        .map((gan) => ({ gan, node: RED.nodes.node(compile(flow, gan.id, inWords).nodes[`/${role}`]) }))
        .filter(({ node }) => node?.z === z && node.type === `authorgan-${role}` && !isDrawn(node))
}

/**
 * Draws a network, also where the drawing then has problems: its nodes tell of them, and there they are mended.
 * @param {object|null} node  the generator or discriminator node that takes the layers; null: a GAN is drawn around them
 */
export async function drawNetwork({ name, layers }, role, node) {
    if (node) return wireInto(node, await measured(specFor(node, role, layers), role))
    let spec = imported.ganAround(layers, role, { name, data: imported.dataOf(imported.sampleShape(layers, role)) })
    let found = await measured(spec, role)
    const shape = imported.sampleShape(found.layers, role)
    if (role === "generator" && shape.length > 0) {
        // Which data a generator imitates shows in what it puts out.
        spec = imported.ganAround(layers, role, { name, data: imported.dataOf(shape) })
        found = await measured(spec, role)
    }
    if (found.spec) return drawResolved(found.spec)
    // Of a spec with problems the rest is drawn as it would be with a family in the place of the layers.
    const partner = spec[NETWORKS.find((key) => key !== role)]
    const sound = await askFor({ ...spec, [role]: partner })
    return drawResolved({ ...sound, [role]: { choice: CUSTOM, layers: found.layers } }, sound)
}

/** The GAN of a module node, if it is complete, with other layers; else one around them. */
function specFor(node, role, layers) {
    const [gan] = gansOf(node)
    const { spec, problems } = gan ? compile(completeFlow(), gan.id, inWords) : { problems: [null] }
    if (problems.length > 0) return imported.ganAround(layers, role, { data: imported.dataOf([]) })
    return { ...spec, [role]: { choice: CUSTOM, layers } }
}

/**
 * What the service makes of the layers in a spec: { layers, spec }, spec null where something is wrong with it. Then
 * those that fit have their shapes all the same.
 */
async function measured(spec, role) {
    try {
        const resolved = await askFor(spec)
        return { spec: resolved, layers: resolved[role].layers }
    } catch (error) {
        if (!error.measured) throw error
        return { spec: null, layers: imported.completed(spec[role].layers, error.measured[role]?.layers) }
    }
}

function wireInto(node, { layers }) {
    const network = draw.drawNetwork(layers, onCanvas(node), {
        z: node.z,
        top: bottomOf(node.z) + MARGIN,
        newId: RED.nodes.id,
        title: RED.utils.getNodeLabel(node, node.type),
        color: node._def.color
    })
    const changes = { choice: CUSTOM, parameters: {} }
    place([network.group, ...network.nodes], { wires: [network.wire], edits: [{ node, changes }] })
    RED.view.reveal(network.group.nodes[0])
}

/** The rows of a form in which one says what a network is and where it goes: { rows, chosen: () => { role, node } }. */
export function networkForm({ name, layers, role }) {
    const roles = $('<select id="authorgan-import-role">').append(
        NETWORKS.map((key) =>
            $("<option>")
                .val(key)
                .text(text(`import.as.${key}`))
        )
    )
    const into = $('<select id="authorgan-import-into">')
    const offer = () =>
        into.empty().append(
            $("<option>").val("").text(text("import.newGan")),
            placesFor(roles.val()).map(({ node, gan }) =>
                $("<option>")
                    .val(node.id)
                    .text(text("import.intoGan", { gan: RED.utils.getNodeLabel(gan, gan.id) }))
            )
        )
    roles.val(role || NETWORKS[0]).on("change", offer)
    offer()
    const told = text(role ? `import.told.${role}` : "import.told.unclear", { layers: layers.length, name })
    return {
        rows: [
            { label: text("import.network"), control: $('<span id="authorgan-import-told">').text(told) },
            { label: text("import.role"), control: roles },
            { label: text("import.into"), control: into }
        ],
        chosen: () => ({ role: roles.val(), node: RED.nodes.node(into.val()) })
    }
}
