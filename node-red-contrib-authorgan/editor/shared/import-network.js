/** A network that another program has saved is drawn as the layers of a generator or discriminator. */
import compiler from "../../lib/compile.js"
import draw from "../../lib/draw.js"
import imported from "../../lib/imported.js"
import modules from "../../lib/modules.js"
import { gansOf, inWords, isDrawn } from "./answers.js"
import { askFor, askNetwork, askToKeep, completeFlow } from "./asking.js"
import * as dialog from "./dialog.js"
import { drawResolved, problemsIn } from "./draw-spec.js"
import { bottomOf, onCanvas, place } from "./place.js"
import { text } from "./texts.js"

const { compile } = compiler
const { CUSTOM, GAN, NETWORKS } = modules

/** Room between what is in the drawing already and what is added below it. */
const MARGIN = 120

/** How Node-RED says that the service does not answer. */
const AWAY = 504
/** How long the editor tells what became of a file's weights. */
const TOLD_MS = 15_000
/** Problems that one notice names. */
const MOST_TOLD = 3

/** Of a file: { file, name, layers, role }, role null where the shapes do not tell which of the two it is. */
export async function readNetwork(file) {
    const layers = await askNetwork(file)
    return { file, name: file.name.replace(/\.\w+$/, ""), layers, role: imported.roleOf(layers) }
}

/**
 * The module nodes of the flow that is open which may take a network: [{ node, gan }], those of a selected GAN first.
 * One that has layers already is left as it is.
 */
function placesFor(role) {
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
 * @param {{ keepWeights?: boolean }} [how]  whether its weights are kept with the service, for the drawing to start from
 */
export async function drawNetwork(network, role, node, { keepWeights = false } = {}) {
    const gan = node ? specFor(node, role, network.layers) : await ganFor(network, role)
    const found = await measured(gan, role)
    const { kept = null, reason } = keepWeights ? await keep(network, role, gan, found) : {}
    // Layers whose weights are kept are those that the weights belong to.
    const layers = kept ? kept.spec[role].layers : found.layers
    const weights = kept && { job: kept.id, replace: [], file: network.file.name }
    if (node) wireInto(node, layers, weights)
    else await drawAround(gan, role, { spec: kept ? kept.spec : found.spec, layers, weights })
    if (kept) tell("success", text("import.weights.kept", { file: network.file.name, name: kept.name }))
    else if (reason) tell("warning", text("import.weights.refused", { file: network.file.name, reason }))
}

const tell = (type, words) => RED.notify($("<p>").text(words), { type, timeout: TOLD_MS })

/** A GAN around a network, on the data that fits it. */
async function ganFor({ name, layers }, role) {
    const spec = imported.ganAround(layers, role, { name, data: imported.dataOf(imported.sampleShape(layers, role)) })
    if (role === "discriminator") return spec
    // Which data a generator imitates shows in what it puts out.
    const shape = imported.sampleShape((await measured(spec, role)).layers, role)
    return shape.length > 0 ? imported.ganAround(layers, role, { name, data: imported.dataOf(shape) }) : spec
}

/** The run that the service keeps a network's weights as, { kept }, or the { reason } why it does not. */
async function keep({ file, name }, role, gan, found) {
    if (!found.spec) return { reason: found.away || text("import.weights.unfit") }
    try {
        return { kept: await askToKeep(file, { spec: gan, role, name }) }
    } catch (error) {
        return { reason: inShort(problemsIn(error)) }
    }
}

/** The first of many problems. */
function inShort(problems) {
    const told = problems.slice(0, MOST_TOLD).map(({ message }) => message)
    const count = problems.length - told.length
    return [...told, ...(count > 0 ? [text("import.weights.more", { count })] : [])].join(" ")
}

/** Draws a GAN around a network: as the service resolved it, else, as far as it goes, with the problems that it has. */
async function drawAround(gan, role, { spec, layers, weights }) {
    const drawn = (whole) => ({ ...whole, [role]: { choice: CUSTOM, layers, ...(weights && { weights }) } })
    if (spec) return drawResolved(drawn(spec), spec)
    // Of a spec with problems the rest is drawn as it would be with a family in the place of the layers.
    const partner = gan[NETWORKS.find((key) => key !== role)]
    const sound = await askFor({ ...gan, [role]: partner })
    return drawResolved(drawn(sound), sound)
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
 * those that fit have their shapes all the same; or none has one, where the service is `away`, as that says.
 */
async function measured(spec, role) {
    try {
        const resolved = await askFor(spec)
        return { spec: resolved, layers: resolved[role].layers }
    } catch (error) {
        const isAway = error.status === AWAY
        if (!error.measured && !isAway) throw error
        const layers = imported.completed(spec[role].layers, error.measured?.[role]?.layers)
        return { spec: null, layers, away: isAway ? error.message : null }
    }
}

function wireInto(node, layers, weights) {
    const network = draw.drawNetwork(layers, onCanvas(node), {
        z: node.z,
        top: bottomOf(node.z) + MARGIN,
        newId: RED.nodes.id,
        title: RED.utils.getNodeLabel(node, node.type),
        color: node._def.color
    })
    const changes = { choice: CUSTOM, parameters: {}, weights, frozen: [] }
    place([network.group, ...network.nodes], { wires: [network.wire], edits: [{ node, changes }] })
    RED.view.reveal(network.group.nodes[0])
}

/**
 * The rows of a form in which one says what a network is, where it goes, and whether its weights go along:
 * { rows, chosen: () => { role, node, keepWeights } }.
 */
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
    const keep = $('<input type="checkbox" id="authorgan-import-weights" checked>')
    const told = text(role ? `import.told.${role}` : "import.told.unclear", { layers: layers.length, name })
    return {
        rows: [
            { label: text("import.network"), control: $('<span id="authorgan-import-told">').text(told) },
            { label: text("import.role"), control: roles },
            { label: text("import.into"), control: into },
            { label: "", control: dialog.tick(keep, text("import.weights.keep"), text("import.weights.meaning")) }
        ],
        chosen: () => ({
            role: roles.val(),
            node: RED.nodes.node(into.val()),
            keepWeights: keep.prop("checked")
        })
    }
}
