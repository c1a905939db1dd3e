/** The nodes that ask the service something of a job, once for each message: what is alike in all of them. */
const { jobOf } = require("./job")
const { upToDate } = require("./migrations")

/** The service loads a model before it works with it, and says itself when that takes too long. */
const TIMEOUT_MS = 120_000

/**
 * Registers such a node type. Its config has `service` and `train` beside what `ask` reads.
 *
 * @param {object} RED
 * @param {string} type
 * @param {(question: { client, job, path, msg, config, signal, tell }) => Promise<object|undefined>} ask  puts the answer
 *     into `msg` and returns the status that is shown then; `path` is that of the job's model, `signal` ends with the
 *     node, `tell(text)` shows how far it is
 */
function registerAsking(RED, type, ask) {
    RED.nodes.registerType(type, function (config) {
        RED.nodes.createNode(this, upToDate(config))
        const closing = new AbortController()
        this.on("close", () => closing.abort())
        const tell = (text) => this.status({ fill: "blue", shape: "dot", text })

        this.on("input", async (msg, send, done) => {
            try {
                const { client, job } = jobOf(RED, config, msg)
                const path = `/v1/models/${encodeURIComponent(job)}`
                const status = await ask({ client, job, path, msg, config, signal: closing.signal, tell })
                msg.job = job
                this.status(status || {})
                send(msg)
                done()
            } catch (error) {
                if (closing.signal.aborted) return done()
                this.status({ fill: "red", shape: "ring", text: "status.refused" })
                done(error)
            }
        })
    })
}

const good = (text) => ({ fill: "green", shape: "dot", text })

module.exports = { registerAsking, good, TIMEOUT_MS }
