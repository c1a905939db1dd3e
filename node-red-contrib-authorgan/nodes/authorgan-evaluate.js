const { registerAsking, good } = require("../lib/asking")
const { ServiceError } = require("../lib/client")
const { stream } = require("../lib/follow")
const { wishesOf } = require("../lib/wishes")

/** A metric that trains a classifier says nothing meanwhile; a service that is gone is waited for no longer than this. */
const SILENCE_MS = 600_000

module.exports = (RED) => {
    /** config: metrics (names), count, seed; an empty text leaves the choice to the service */
    registerAsking(RED, "authorgan-evaluate", async ({ client, path, msg, config, signal, tell }) => {
        const body = wishesOf(msg, config, { count: "number", seed: "number" })
        body.metrics = msg.metrics ?? config.metrics
        if (!body.metrics?.length) throw new Error(RED._("errors.noMetrics"))
        tell("status.asked")
        const answer = await scoresOf(client, `${path}/evaluate`, { body, signal, patience: SILENCE_MS }, tell)
        msg.payload = Object.fromEntries(answer.scores.map(({ name, ...score }) => [name, score]))
        msg.step = answer.step
        const [first] = answer.scores
        return good(`${first.name} ${Number(first.value.toPrecision(4))}`)
    })

    /** Asks, tells how far it is, and returns what the service says at last. */
    async function scoresOf(client, path, connection, tell) {
        for await (const { type, data } of stream(client, path, connection)) {
            if (type === "progress") tell(progressText(data))
            if (type === "problem") throw new ServiceError(data.status, data)
            if (type === "scores") return data
        }
        throw new Error(RED._("errors.broken"))
    }
}

const progressText = ({ what, done, total }) => (total > 1 ? `${what} ${done} / ${total}` : what)
