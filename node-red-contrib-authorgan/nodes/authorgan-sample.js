const { registerAsking, TIMEOUT_MS } = require("../lib/asking")
const { wishesOf } = require("../lib/wishes")

const WISHES = { count: "number", seed: "number", labels: "numbers", columns: "number", noise: "message" }

module.exports = (RED) =>
    registerAsking(RED, "authorgan-sample", async ({ client, path, msg, config, signal }) => {
        // Fewer classes than pictures are repeated by the service.
        const body = wishesOf(msg, config, WISHES)
        const options = { body, accept: "image/png", signal, timeout: TIMEOUT_MS }
        msg.payload = await client.bytes(`${path}/sample`, options)
        msg.sample = body
    })
