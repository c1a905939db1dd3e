/**
 * Files that are dropped on the drawing. Node-RED takes flows there by itself; what this palette knows how to open is
 * taken before Node-RED looks at it, and everything else is left to it.
 */
import { problemsIn } from "./draw-spec.js"
import * as importSpec from "./import-spec.js"
import { text } from "./texts.js"

const TARGET = "red-ui-drop-target"
/** Drops that turned out to be none of ours, handed on to Node-RED. */
const handedOn = new WeakSet()

export function start() {
    document.addEventListener("drop", take, { capture: true })
}

function take(event) {
    if (handedOn.has(event) || !event.target.closest?.(`#${TARGET}`) || RED.workspaces.isLocked()) return
    const files = [...event.dataTransfer.files]
    if (!files.some((file) => importSpec.kindOf(file))) return
    event.preventDefault()
    event.stopPropagation()
    if (files.length > 1) {
        hide()
        refuse(text("drop.one"))
        return
    }
    open(files[0], event.target)
}

async function open(file, target) {
    try {
        if (importSpec.kindOf(file) === "spec" && !(await importSpec.isSpec(file))) return handOn(file, target)
        hide()
        await importSpec.open(file)
    } catch (error) {
        hide()
        refuse(
            problemsIn(error)
                .map(({ message }) => message)
                .join(" "),
            file.name
        )
    }
}

/** Lets Node-RED have a file as if it had just been dropped. */
function handOn(file, target) {
    const dataTransfer = new DataTransfer()
    dataTransfer.items.add(file)
    const event = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true })
    handedOn.add(event)
    target.dispatchEvent(event)
}

const hide = () => $(`#${TARGET}`).hide()

const refuse = (reason, name = "") =>
    RED.notify($("<p>").text(name ? text("drop.refused", { name, reason }) : reason), {
        type: "error",
        timeout: 10_000
    })
