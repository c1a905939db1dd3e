const { registerAsking } = require("../lib/asking")
const { decoded } = require("../lib/pictures")
const { termsOf } = require("../lib/terms")
const { wishesOf } = require("../lib/wishes")

const FORMS = ["picture", "values"]

module.exports = (RED) =>
    /** config: terms ("8 - 3 + seed 4"), count, seed, as (picture, values) */
    registerAsking(RED, "authorgan-arithmetic", async (question) => {
        const { msg, config } = question
        const body = wishesOf(msg, config, { count: "number", seed: "number" })
        const written = msg.terms ?? config.terms
        body.terms = Array.isArray(written) ? written : termsOf(written)
        if (!body.terms?.length) throw new Error(RED._("errors.noTerms"))
        const as = msg.as ?? config.as
        if (!FORMS.includes(as)) throw new Error(RED._("errors.noForm", { as, forms: FORMS.join(", ") }))
        const found = await question.slowly("arithmetic", body)
        msg.step = found.step
        msg.payload = as === "values" ? found : decoded(found.picture)
        msg.arithmetic = body
    })
