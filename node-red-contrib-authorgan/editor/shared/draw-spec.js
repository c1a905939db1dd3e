/** A spec becomes a drawing: in the flow that is open if it is empty, else in a new one. */
import draw from "../../lib/draw.js"
import { askFor } from "./asking.js"
import { titleOf } from "./labels.js"
import { place } from "./place.js"
import * as services from "./services.js"
import { text } from "./texts.js"

const MODULE_COLOR = "#a9b8e0"

/** What is wrong, as an Error tells it: [{ pointer?, message }]. */
export const problemsIn = ({ problems, message }) => (problems?.length > 0 ? problems : [{ message }])

/** Draws a spec and shows it, or draws nothing and rejects with an Error that has its `problems`. */
export async function drawSpec(given, { asLayers = false } = {}) {
    const resolved = await askFor(given)
    await drawResolved(asLayers ? draw.unfolded(resolved) : resolved)
    tellCorrections(resolved.notes)
}

/** Draws a spec with everything filled in. `like`: another one of its kind, where the service takes no questions of it. */
export async function drawResolved(spec, like = spec) {
    const questions = draw.questionsOf(like)
    const usual = draw.usualOf(await askFor(questions.networks), await askFor(questions.loss))
    drawGan(spec, usual)
}

/** What an old form asked for and was read otherwise. */
function tellCorrections(notes) {
    if (notes.length === 0) return
    const list = $("<ul>").append(notes.map(({ message }) => $("<li>").text(message)))
    RED.notify(
        $("<div>")
            .append($("<p>").text(text("import.notes")), list)
            .html(),
        { timeout: 15_000 }
    )
}

function drawGan(spec, usual) {
    const active = RED.workspaces.active()
    const workspace = RED.nodes.workspace(active)
    const empty = workspace && !workspace.locked && RED.nodes.filterNodes({ z: active }).length === 0
    const z = empty ? active : RED.nodes.id()
    const tab = { id: z, type: "tab", label: spec.name || text("import.flow"), disabled: false, info: spec.description }
    const service = services.usual()
    const nodes = draw.drawGan(spec, usual, {
        ...{ z, newId: RED.nodes.id, service: service.id, titleOf, color: MODULE_COLOR, start: text("import.start") },
        titles: { generator: text("import.generator"), discriminator: text("import.discriminator") }
    })
    place([...(empty ? [] : [tab]), ...service.added, ...nodes])
    RED.workspaces.show(z)
    RED.view.reveal(nodes.find(({ type }) => type === "authorgan-gan").id, false)
}
