/**
 * Where the layers of a network are to stand in a drawing. Pure.
 *
 * A line for each block, as papers draw them: it begins where the picture changes its size, where a branch begins, or
 * where the line before is full. Sources of a layer stand in the order of its inputs, which is what their order is read
 * from (see layers.js).
 */
const GAP = 30
const LINE_HEIGHT = 80
const FULL = 5
/** A line shorter than this goes on although the picture changes its size. */
const SHORT = 3

/** The width that Node-RED gives a node with this label, in whole grid steps. */
const widthOf = (label) => Math.max(100, 20 * Math.ceil((7.2 * label.length + 57) / 20))

/**
 * @param {object[]} layers  as resolved: { id, inputs, output_shape }, each after those that feed it
 * @param {(layer: object) => string} labelOf
 * @returns {{ places: Map<string, { x: number, y: number }>, end: { x: number, y: number }, width: number, height: number }}
 *     centre of each layer by id, from the upper left corner of all; end: the right edge of the last layer
 */
function arrange(layers, labelOf) {
    const places = new Map()
    const shapes = new Map(layers.map(({ id, output_shape: shape }) => [id, shape]))
    const sizeOf = (id) => (shapes.get(id)?.length === 3 ? shapes.get(id).slice(0, 2).join() : null)
    let [x, y, count, width, before] = [0, 0, 0, 0, null]
    for (const layer of layers) {
        const size = sizeOf(layer.id)
        const resized = size && before && sizeOf(before) && size !== sizeOf(before) && count >= SHORT
        if (before && (!layer.inputs.includes(before) || resized || count === FULL))
            [x, y, count] = [0, y + LINE_HEIGHT, 0]
        const wide = widthOf(labelOf(layer))
        places.set(layer.id, { x: x + wide / 2, y })
        width = Math.max(width, x + wide)
        x += wide + GAP
        count += 1
        before = layer.id
    }
    return { places, end: { x: x - GAP, y }, width, height: y }
}

module.exports = { arrange, widthOf, GAP, LINE_HEIGHT }
