const { ServiceError } = require("../lib/client")
const { stream } = require("../lib/follow")
const { jobOf } = require("../lib/job")
const { upToDate } = require("../lib/migrations")

/** A metric that trains a classifier says nothing meanwhile; a service that is gone is waited for no longer than this. */
const SILENCE_MS = 600_000

/** What a message may ask for instead of the dialog, under the same names as in the service. */
const WISHES = ["metrics", "count", "seed"]

module.exports = (RED) => {
    /** config: service, train, metrics (names), count, seed; an empty text leaves the choice to the service */
    function EvaluateNode(config) {
        RED.nodes.createNode(this, upToDate(config))
        const closing = new AbortController()
        this.on("close", () => closing.abort())

        this.on("input", async (msg, send, done) => {
            try {
                const { client, job } = jobOf(RED, config, msg)
                const body = wishesOf(msg)
                this.status({ fill: "blue", shape: "ring", text: "status.asked" })
                const answer = await scoresOf(client, job, body, (text) =>
                    this.status({ fill: "blue", shape: "dot", text })
                )
                msg.payload = Object.fromEntries(answer.scores.map(({ name, ...score }) => [name, score]))
                msg.step = answer.step
                msg.job = job
                const [first] = answer.scores
                this.status({
                    fill: "green",
                    shape: "dot",
                    text: `${first.name} ${Number(first.value.toPrecision(4))}`
                })
                send(msg)
                done()
            } catch (error) {
                if (closing.signal.aborted) return done()
                this.status({ fill: "red", shape: "ring", text: "status.refused" })
                done(error)
            }
        })

        /** The message's wishes before the dialog's. */
        function wishesOf(msg) {
            const wishes = { metrics: config.metrics }
            for (const key of ["count", "seed"]) {
                if (String(config[key] ?? "").trim() !== "") wishes[key] = Number(config[key])
            }
            for (const key of WISHES) if (msg[key] !== undefined) wishes[key] = msg[key]
            if (!wishes.metrics?.length) throw new Error(RED._("errors.noMetrics"))
            return wishes
        }

        /** Asks, tells how far it is, and returns what the service says at last. */
        async function scoresOf(client, job, body, tell) {
            const path = `/v1/models/${encodeURIComponent(job)}/evaluate`
            const connection = { body, signal: closing.signal, patience: SILENCE_MS }
            for await (const { type, data } of stream(client, path, connection)) {
                if (type === "progress") tell(progressText(data))
                if (type === "problem") throw new ServiceError(data.status, data)
                if (type === "scores") return data
            }
            throw new Error(RED._("errors.broken"))
        }
    }

    RED.nodes.registerType("authorgan-evaluate", EvaluateNode)
}

const progressText = ({ what, done, total }) => (total > 1 ? `${what} ${done} / ${total}` : what)
