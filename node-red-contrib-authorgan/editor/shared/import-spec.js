/** The window that takes a GAN (typed, from a file, or from the zoo) and draws it. */
import { askZoo } from "./asking.js"
import * as dialog from "./dialog.js"
import { drawSpec, problemsIn } from "./draw-spec.js"
import { drawNetwork, networkForm, readNetwork } from "./import-network.js"
import { openPicture } from "./import-picture.js"
import { text } from "./texts.js"

const WIDTH = 720

/** How a file's name ends -> what is in it. */
const KINDS = { ".json": "spec", ".png": "picture", ".keras": "network", ".onnx": "network" }

/** What a file holds, by its name: "spec", "picture", "network", or undefined for what is no file of ours. */
export const kindOf = ({ name }) => KINDS[/\.\w+$/.exec(name.toLowerCase())?.[0]]

/** Whether a JSON file holds a spec, of any form; Node-RED's flows are lists, or have none of these keys. */
export async function isSpec(file) {
    try {
        const given = JSON.parse(await file.text())
        return given !== null && !Array.isArray(given) && ("generator" in given || "discriminator" in given)
    } catch (error) {
        if (error instanceof SyntaxError) return false
        throw error
    }
}

/** Draws what is in a file, at once if there is nothing to ask; else, and if something is wrong, in the window. */
export async function open(file) {
    const kind = kindOf(file)
    if (kind === "picture") return openPicture(file)
    const typed = kind === "spec" ? await file.text() : ""
    try {
        return kind === "spec" ? await drawSpec(JSON.parse(typed)) : show({ network: await readNetwork(file) })
    } catch (error) {
        return show({ typed, problems: problemsIn(error) })
    }
}

/** @param {{ network?: object, typed?: string, problems?: object[] }} [given]  what was read already */
export function show({ network = null, typed = "", problems = [] } = {}) {
    const zoo = $('<select id="authorgan-import-zoo">').append($("<option>").val("").text(text("import.none")))
    const file = $('<input type="file" id="authorgan-import-file">').attr("accept", Object.keys(KINDS).join())
    const spec = $('<textarea id="authorgan-import-spec" spellcheck="false" rows="14">').val(typed)
    const asLayers = $('<input type="checkbox" id="authorgan-import-layers">')
    const list = $('<div class="authorgan-dialog-problems">')
    const ofSpec = $("<div>").append(
        dialog.row(text("import.spec"), spec),
        dialog.row("", dialog.tick(asLayers, text("import.layers")))
    )
    const ofNetwork = $("<div>")
    const tell = (found) => list.empty().append(dialog.problemList(found))
    const telling = (error) => tell(problemsIn(error))
    /** What the button draws: a network that was read, else what is typed. */
    let drawing

    const turnToSpec = (text) => {
        ofSpec.show()
        ofNetwork.empty()
        spec.val(text)
        drawing = () => drawSpec(parsed(spec.val()), { asLayers: asLayers.prop("checked") })
        tell([])
    }
    const turnToNetwork = (read) => {
        ofSpec.hide()
        const form = networkForm(read)
        ofNetwork.empty().append(form.rows.map(({ label, control }) => dialog.row(label, control)))
        drawing = () => {
            const { role, node, ...how } = form.chosen()
            return drawNetwork(read, role, node, how)
        }
        tell([])
    }

    // Without the service there is no zoo and nothing can be drawn.
    askZoo().then((entries) => {
        for (const { name, title, summary } of entries)
            $("<option>").val(name).text(title).attr("title", summary).appendTo(zoo)
    }, telling)
    zoo.on("change", () => {
        if (zoo.val()) askZoo(zoo.val()).then((found) => turnToSpec(JSON.stringify(found, null, 2)), telling)
    })
    file.on("change", () => {
        const [chosen] = file[0].files
        if (chosen) take(chosen).catch(telling)
    })
    async function take(chosen) {
        const kind = kindOf(chosen) || "spec"
        if (kind === "network") return turnToNetwork(await readNetwork(chosen))
        if (kind === "spec") return turnToSpec(await readable(chosen))
        await openPicture(chosen)
        return content.dialog("close")
    }
    spec.attr("placeholder", text("import.placeholder"))
    const content = $('<form class="authorgan-dialog">').append(
        dialog.row(text("import.zoo"), zoo),
        dialog.row(text("import.file"), file),
        ofSpec,
        ofNetwork,
        list
    )
    content.on("submit", (event) => event.preventDefault())
    if (network) turnToNetwork(network)
    else turnToSpec(typed)
    tell(problems)
    dialog.open({
        ...{ title: text("import.title"), content, width: WIDTH },
        buttons: [
            {
                ...{ id: "authorgan-import-draw", label: text("import.draw"), primary: true },
                click: async (close) => {
                    // A second click would draw it twice.
                    const button = $("#authorgan-import-draw").prop("disabled", true)
                    try {
                        await drawing()
                        close()
                    } catch (error) {
                        telling(error)
                        button.prop("disabled", false)
                    }
                }
            }
        ]
    })
}

/** A file that changed or went away since it was chosen cannot be read. */
async function readable(file) {
    try {
        return await file.text()
    } catch ({ message }) {
        throw new Error(text("import.unreadable", { reason: message }))
    }
}

function parsed(typed) {
    try {
        return JSON.parse(typed)
    } catch ({ message }) {
        throw new Error(text("import.noJson", { reason: message }))
    }
}
