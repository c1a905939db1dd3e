/**
 * A network that another program has saved becomes the generator or discriminator of a GAN: which of the two it is, the
 * data that fits it, and the rest of a GAN around it. Pure.
 */
const catalogue = require("./catalogue.json")
const { CUSTOM } = require("./modules")

/** The images that are always there, and what they can be brought to. */
const IMAGES = "digits"
const { image_size: SIZE, channels: CHANNELS } = catalogue.datasets[IMAGES].parameters

const inputsOf = (layers) => layers.filter(({ type }) => type === "Input")
const sourcesOf = (layers) => inputsOf(layers).map(({ source }) => source)
const takesData = (layers) => inputsOf(layers).find(({ source }) => source === "image" || source === "sequence")

/**
 * What a network is by what it takes: noise becomes data in a generator, data is judged by a discriminator.
 * @returns {"generator"|"discriminator"|null}  null where it takes both, or neither
 */
function roleOf(layers) {
    const [data, noise] = [Boolean(takesData(layers)), sourcesOf(layers).includes("noise")]
    if (data === noise) return null
    return data ? "discriminator" : "generator"
}

/** The data module whose samples have a shape, as near as the data that is always there comes to it. */
function dataOf(shape) {
    const [height, width, channels] = shape
    if (shape.length === 2) return { choice: "sine", length: height, channels: width }
    const square = shape.length === 3 && height === width
    const fits = square && height >= SIZE.minimum && height <= SIZE.maximum && CHANNELS.enum.includes(channels)
    return { choice: IMAGES, ...(fits && { image_size: height, channels }) }
}

/** The shape of the samples that a network takes, or puts out once it is measured; [] where it is not known. */
function sampleShape(layers, role) {
    const layer = role === "discriminator" ? takesData(layers) : layers.at(-1)
    return layer?.shape || layer?.output_shape || []
}

/** A spec with a network in it, and a partner that is trained against it. */
function ganAround(layers, role, { name, data }) {
    // Only a partner that is told the class, too, can be trained against one that is; dcgan is for images.
    const conditional = sourcesOf(layers).includes("label")
    const partner = { choice: conditional ? "cgan" : data.choice === "sine" ? "gan" : "dcgan" }
    return {
        ...{ authorgan: 1, name, data, generator: partner, discriminator: partner },
        [role]: { choice: CUSTOM, layers }
    }
}

/** Layers with every parameter filled in and the shapes that were measured, ready to be drawn. */
function completed(layers, measured = []) {
    const shapes = new Map(measured.map(({ id, output_shape }) => [id, output_shape]))
    return layers.map((layer) => {
        const defaults = Object.entries(catalogue.layers[layer.type].parameters).map(([name, schema]) => [
            name,
            schema.default ?? null
        ])
        return { ...Object.fromEntries(defaults), ...layer, output_shape: shapes.get(layer.id) ?? null }
    })
}

module.exports = { roleOf, dataOf, sampleShape, ganAround, completed }
