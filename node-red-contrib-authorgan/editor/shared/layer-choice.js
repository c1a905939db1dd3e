/** The field in which a hidden layer is named: it offers those of the training that is chosen, from its drawing. */
import modules from "../../lib/modules.js"
import { resolvedSpecs, trainedBy } from "./answers.js"
import { shapeText } from "./texts.js"

const { NETWORKS } = modules

/** The node's dialog has a `layer`, and maybe a `network`; without one the generator is meant. */
export function prepare(_node) {
    $("#node-input-layer").autoComplete({
        minLength: 0,
        search: (typed) => layers().filter(({ value }) => value.toLowerCase().includes(typed.trim().toLowerCase()))
    })
}

/** The hidden layers that may be meant, as what is typed and what is offered. */
function layers() {
    const train = $("#node-input-train").val()
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
