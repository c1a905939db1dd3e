/** The field in which a hidden layer is named: it offers those of the training that is chosen, from its drawing. */
import modules from "../../lib/modules.js"
import { resolvedSpecs, trainedBy } from "./answers.js"
import { shapeText } from "./texts.js"
import { chosen } from "./training-choice.js"

const { NETWORKS } = modules

/** For a dialog with a `layer`, and maybe a `network`; without one the generator is meant. */
export function prepare() {
    const field = $("#node-input-layer")
    field.autoComplete({ minLength: 0, search: (typed) => fitting(layers(), typed.trim().toLowerCase()) })
    // Node-RED offers while one types; whoever clicks wants to see what there is.
    field.on("click", () => field.trigger("keyup"))
}

/** Those whose name holds what was typed; all of them where that is a whole name, for then another one is looked for. */
function fitting(all, typed) {
    const isWhole = all.some(({ value }) => value.toLowerCase() === typed)
    return isWhole ? all : all.filter(({ value }) => value.toLowerCase().includes(typed))
}

/** The hidden layers that may be meant: what is typed, and how it is offered. */
function layers() {
    const train = chosen()
    const network = $("#node-input-network").val() || NETWORKS[0]
    const specs = train ? [trainedBy(train)] : resolvedSpecs()
    const found = new Map()
    for (const spec of specs)
        for (const { id, type, output_shape: shape } of spec?.[network]?.layers || [])
            if (type !== "Input") found.set(id, `${type} ${shapeText(shape)}`)
    return [...found].map(([value, words]) => ({
        value,
        label: $("<div>").text(`${value} `).append($('<span class="authorgan-unit">').text(words))
    }))
}
