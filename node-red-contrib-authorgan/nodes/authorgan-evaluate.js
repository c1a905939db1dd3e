const { registerAsking, good } = require("../lib/asking")
const { wishesOf } = require("../lib/wishes")

module.exports = (RED) =>
    /** config: metrics (names), count, seed; an empty text leaves the choice to the service */
    registerAsking(RED, "authorgan-evaluate", async (question) => {
        const { msg, config } = question
        const metrics = msg.metrics ?? config.metrics
        if (!metrics?.length) throw new Error(RED._("errors.noMetrics"))
        const wishes = wishesOf(msg, config, { count: "number", seed: "number" })
        const { scores, step } = await question.slowly("evaluate", { metrics, ...wishes })
        msg.payload = Object.fromEntries(scores.map(({ name, ...score }) => [name, score]))
        msg.step = step
        const [first] = scores
        return { status: good(`${first.name} ${Number(first.value.toPrecision(4))}`) }
    })
