/** What stands on a node. */
import modules from "../../lib/modules.js"
import { isDrawn, layersAt } from "./answers.js"
import { shapeText } from "./texts.js"

const { entryOf } = modules

/** A module node is called by its name, else by what was chosen in it: "DCGAN generator". */
export const ofModule = (node) => node.name || node._(`choices.${isDrawn(node) ? "custom" : node.choice}.title`)

/** A layer, loss, regularizer or optimizer is called by its name, else by what it is: "Adam", "Adam (generator)". */
export function ofEntry(node) {
    if (node.name) return node.name
    const { kind, name } = entryOf(node.type)
    const title = node._(`${kind}.${name}.title`)
    return node.network && node.network !== "both" ? `${title} (${node.network})` : title
}

/** What a module node with this choice is called, whether it is there or not: "Wasserstein". */
export function titleOf({ type, choice }) {
    const { kind, name } = entryOf(type) || { kind: "choices", name: choice }
    const set = kind === "choices" ? type : `authorgan-${kind}`
    return RED._(`@authorgan/node-red-contrib-authorgan/${set}:${kind}.${name}.title`)
}

/** What an output port says: of a layer the shape that comes out, once that is known, else where the wire belongs. */
export function ofOutput(node) {
    const { kind } = entryOf(node.type)
    if (kind !== "layers") return node._(`ports.${kind}`)
    return [...new Set(layersAt(node).map(({ layer }) => shapeText(layer.output_shape)))].join(" | ")
}
