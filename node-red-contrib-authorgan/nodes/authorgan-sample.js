const { registerAsking } = require("../lib/asking")
const { wishesOf } = require("../lib/wishes")

const WISHES = {
    count: "number",
    seed: "number",
    labels: "numbers",
    columns: "number",
    noise: "message",
    driver: "message",
    backend: "message",
    units: "message"
}

module.exports = (RED) =>
    registerAsking(RED, "authorgan-sample", async (question) => {
        const { msg, config } = question
        // Fewer classes than pictures are repeated by the service.
        const body = wishesOf(msg, config, WISHES)
        msg.payload = await question.model("sample", body, "picture")
        msg.sample = body
    })
