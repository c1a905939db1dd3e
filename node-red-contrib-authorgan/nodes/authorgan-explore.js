const { registerAsking } = require("../lib/asking")
const { wishesOf } = require("../lib/wishes")

const POINT = { seed: "number", noise: "message", label: "number", method: "text", layer: "text" }

/** What is shown -> what is asked, and what of the dialog belongs to it. */
const QUESTIONS = {
    strip: { what: "explore", wishes: { ...POINT, direction: "number", range: "number", steps: "number" } },
    moved: { what: "explore", wishes: { ...POINT, amounts: "amounts" } },
    directions: { what: "directions", wishes: { method: "text", layer: "text", count: "number" } }
}

module.exports = (RED) =>
    registerAsking(RED, "authorgan-explore", async (question) => {
        const { msg, config } = question
        // Whoever sends amounts wants them shown.
        const show = msg.amounts === undefined ? config.show : "moved"
        const { what, wishes } = QUESTIONS[show]
        const body = wishesOf(msg, config, wishes)
        if (body.noise && msg.seed === undefined) delete body.seed
        msg.payload = await question.model(what, body, show === "directions" ? "values" : "picture")
        msg.exploration = body
    })
