/** The window that shows a GAN of the drawing as spec JSON: as it is drawn, and with everything filled in. */
import compiler from "../../lib/compile.js"
import modules from "../../lib/modules.js"
import { gansOf, inWords } from "./answers.js"
import { askFor, completeFlow } from "./asking.js"
import * as dialog from "./dialog.js"
import { text } from "./texts.js"

const { compile } = compiler
const { GAN, STARTERS } = modules
const WIDTH = 720

/** The button in the dialogs of gan, train, sweep, generator and discriminator: what was typed is what is shown. */
export function prepare(node) {
    $("#authorgan-export").on("click", () => {
        $("#node-dialog-ok").trigger("click")
        show(node)
    })
}

/** The menu's entry: the GAN of the selected node, else the first in the flow that is open. */
export function showSelected() {
    const [selected] = RED.view.selection().nodes || []
    show(selected)
}

function show(node) {
    const flow = completeFlow()
    const start = startOf(node, flow)
    if (!start) {
        RED.notify(text("export.nothing"), { type: "warning", timeout: 6000 })
        return
    }
    const { spec, problems } = compile(flow, start, inWords)
    const drawn = JSON.parse(JSON.stringify(spec, (key, value) => (key === "node_id" ? undefined : value)))
    const texts = { drawn: JSON.stringify(drawn, null, 2), resolved: "" }
    const form = $('<select id="authorgan-export-form">')
    for (const name of ["drawn", "resolved"])
        $("<option>")
            .val(name)
            .text(text(`export.${name}`))
            .appendTo(form)
    const shown = $('<textarea id="authorgan-export-spec" readonly spellcheck="false" rows="18">').val(texts.drawn)
    const list = $('<div class="authorgan-dialog-problems">').append(dialog.problemList(problems))
    form.on("change", () => shown.val(texts[form.val()]))
    const resolving = problems.length > 0 ? Promise.reject({ problems }) : askFor(drawn)
    resolving.then(
        (resolved) => {
            texts.resolved = JSON.stringify(resolved, null, 2)
            if (form.val() === "resolved") shown.val(texts.resolved)
        },
        ({ problems, message }) => {
            form.children('[value="resolved"]').prop("disabled", true)
            list.empty().append(dialog.problemList(problems?.length > 0 ? problems : [{ message }]))
        }
    )
    const content = $('<form class="authorgan-dialog">').append(
        dialog.row(text("export.form"), form),
        dialog.row(text("export.spec"), shown),
        list
    )
    content.on("submit", (event) => event.preventDefault())
    dialog.open({
        ...{ title: text("export.title"), content, width: WIDTH },
        buttons: [
            { id: "authorgan-export-copy", label: text("export.copy"), click: () => copy(shown) },
            {
                ...{ id: "authorgan-export-download", label: text("export.download"), primary: true },
                click: () => download(shown.val(), `${fileName(drawn.name)}.json`)
            }
        ]
    })
}

/** The node to compile from: a gan, or that of the train or sweep node it is wired into. */
function startOf(node, flow) {
    if (node?.type === GAN) return node.id
    if (STARTERS.includes(node?.type)) return compile(flow, node.id, inWords).gan
    const [part] = node ? gansOf(node) : []
    const here = RED.nodes.filterNodes({ type: GAN, z: node?.z || RED.workspaces.active() })
    return part?.id || here[0]?.id
}

function copy(shown) {
    RED.clipboard.copyText(shown.val(), $("#authorgan-export-copy"), text("export.copied"))
}

function download(content, name) {
    const url = URL.createObjectURL(new Blob([content], { type: "application/json" }))
    const link = $("<a>").attr({ href: url, download: name })
    link[0].click()
    URL.revokeObjectURL(url)
}

const fileName = (name) => (name || "gan").replace(/[^\w.-]+/g, "_")
