const { registerAsking } = require("../lib/asking")
const { termsOf } = require("../lib/terms")
const { wishesOf } = require("../lib/wishes")

module.exports = (RED) =>
    /** config: terms ("8 - 3 + seed 4"), count, seed, as (picture, values) */
    registerAsking(RED, "authorgan-arithmetic", async (question) => {
        const { msg, config } = question
        const body = wishesOf(msg, config, { count: "number", seed: "number" })
        const written = msg.terms ?? config.terms
        body.terms = Array.isArray(written) ? written : termsOf(written)
        if (!body.terms?.length) throw new Error(RED._("errors.noTerms"))
        question.tell("status.asked")
        const as = msg.as ?? config.as
        msg.payload =
            as === "values" ? await question.slowly("arithmetic", body) : await question.model("arithmetic", body, as)
        msg.arithmetic = body
    })
