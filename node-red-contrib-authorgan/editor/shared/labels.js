/** What stands on a node. */
import { isDrawn, layerAt } from "./answers.js"
import { shapeText } from "./texts.js"

/** A module node is called by its name, else by what was chosen in it: "DCGAN generator". */
export const ofModule = (node) => node.name || node._(`choices.${isDrawn(node) ? "custom" : node.choice}.title`)

export const ofLayer = (node) => node.name || node._def.paletteLabel

/** What a layer's output port says: the shape that comes out, once that is known. */
export function ofOutput(node) {
    const layer = layerAt(node)
    return layer?.output_shape ? shapeText(layer.output_shape) : ""
}
