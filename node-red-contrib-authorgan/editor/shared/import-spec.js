/** The window that takes a spec (typed, from a file, or from the zoo) and draws it. */
import draw from "../../lib/draw.js"
import { askFor, askZoo } from "./answers.js"
import * as dialog from "./dialog.js"
import { titleOf } from "./labels.js"
import { place } from "./place.js"
import * as services from "./services.js"
import { text } from "./texts.js"

const WIDTH = 720
const MODULE_COLOR = "#a9b8e0"

export function show() {
    const zoo = $('<select id="authorgan-import-zoo">').append($("<option>").val("").text(text("import.none")))
    const file = $('<input type="file" id="authorgan-import-file" accept=".json,application/json">')
    const typed = $('<textarea id="authorgan-import-spec" spellcheck="false" rows="14">')
    const asLayers = $('<input type="checkbox" id="authorgan-import-layers">')
    const problems = $('<div class="authorgan-dialog-problems">')
    const tell = (found) => problems.empty().append(dialog.problemList(found))

    askZoo().then(
        (entries) => {
            for (const { name, title, summary } of entries)
                $("<option>").val(name).text(title).attr("title", summary).appendTo(zoo)
        },
        // Without the service there is no zoo and nothing can be drawn.
        ({ message }) => tell([{ message }])
    )
    const write = (spec) => {
        typed.val(typeof spec === "string" ? spec : JSON.stringify(spec, null, 2))
        tell([])
    }
    zoo.on("change", () => {
        if (zoo.val()) askZoo(zoo.val()).then(write, ({ message }) => tell([{ message }]))
    })
    file.on("change", () => {
        const [chosen] = file[0].files
        // A file that changed or went away since it was chosen cannot be read.
        chosen?.text().then(write, ({ message }) => tell([{ message: text("import.unreadable", { reason: message }) }]))
    })
    typed.attr("placeholder", text("import.placeholder"))
    const content = $('<form class="authorgan-dialog">').append(
        dialog.row(text("import.zoo"), zoo),
        dialog.row(text("import.file"), file),
        dialog.row(text("import.spec"), typed),
        dialog.row(
            "",
            $('<label class="authorgan-tick">').append(asLayers, " ", $("<span>").text(text("import.layers")))
        ),
        problems
    )
    content.on("submit", (event) => event.preventDefault())
    dialog.open({
        ...{ title: text("import.title"), content, width: WIDTH },
        buttons: [
            {
                ...{ id: "authorgan-import-draw", label: text("import.draw"), primary: true },
                click: async (close) => {
                    const found = await drawSpec(typed.val(), asLayers.prop("checked"))
                    tell(found)
                    if (found.length === 0) close()
                }
            }
        ]
    })
}

/** Draws a spec and shows it, or draws nothing: what is wrong with it, [{ pointer?, message }]. */
async function drawSpec(typed, asLayers) {
    let given
    try {
        given = JSON.parse(typed)
    } catch (error) {
        return [{ message: text("import.noJson", { reason: error.message }) }]
    }
    try {
        const resolved = await askFor(given)
        const spec = asLayers ? draw.unfolded(resolved) : resolved
        const questions = draw.questionsOf(spec)
        const usual = draw.usualOf(await askFor(questions.networks), await askFor(questions.loss))
        drawGan(spec, usual)
        tellCorrections(resolved.notes)
        return []
    } catch (error) {
        return error.problems?.length > 0 ? error.problems : [{ message: error.message }]
    }
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

/** Into the flow that is open if it is empty, else into a new one. */
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
