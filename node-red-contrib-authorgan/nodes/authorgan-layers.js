const { registerAsking } = require("../lib/asking")
const { encoded } = require("../lib/pictures")
const { wishesOf } = require("../lib/wishes")

const WISHES = {
    network: "text",
    layer: "text",
    seed: "number",
    noise: "message",
    sequences: "message",
    label: "number",
    max_maps: "number",
    columns: "number",
    normalization: "text"
}

module.exports = (RED) =>
    /** config: network, layer (empty: which layers there are), seed, label, most, columns, normalization, as */
    registerAsking(RED, "authorgan-layers", async (question) => {
        const { msg, config } = question
        const body = wishesOf(msg, { ...config, max_maps: config.most }, WISHES)
        if (msg.images !== undefined) body.images = encoded(msg.images)
        if (msg.seed === undefined && (body.images || body.noise || body.sequences)) delete body.seed
        const as = body.layer === undefined ? "values" : (msg.as ?? config.as)
        msg.payload = await question.model("layers", body, as)
        msg.layers = body
    })
