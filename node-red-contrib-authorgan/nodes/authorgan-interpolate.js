const { registerAsking } = require("../lib/asking")
const { wishesOf } = require("../lib/wishes")

const WISHES = {
    seeds: "numbers",
    noise: "message",
    labels: "numbers",
    method: "text",
    layout: "text",
    steps: "number",
    loop: "flag",
    columns: "number",
    fps: "number"
}

/** How it may be wanted -> the ending of a file that holds it. */
const ENDINGS = { picture: "png", gif: "gif", mp4: "mp4", values: "json" }

module.exports = (RED) =>
    registerAsking(RED, "authorgan-interpolate", async (question) => {
        const { job, msg, config } = question
        const body = wishesOf(msg, config, WISHES)
        // Points are given one way; the message's own noise takes the place of the dialog's seeds.
        if (body.noise && msg.seeds === undefined) delete body.seeds
        const as = msg.as ?? config.as
        msg.payload = await question.model("interpolate", body, as)
        msg.interpolation = body
        msg.filename = `${job}-interpolation.${ENDINGS[as]}`
    })
