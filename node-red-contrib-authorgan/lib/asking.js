/** The nodes that ask the service something of a job, once for each message: what is alike in all of them. */
const { Below } = require("./below")
const { ServiceError } = require("./client")
const { stream } = require("./follow")
const { jobOf } = require("./job")
const { upToDate } = require("./migrations")

/** The service loads a model before it works with it, and says itself when that takes too long. */
const TIMEOUT_MS = 120_000

/** What takes long tells how far it is; a service that is gone is waited for no longer than this. */
const SILENCE_MS = 600_000

/** Which training step the weights are from that drew a picture. */
const STEP = "Authorgan-Step"

/** How an answer may be wanted -> the media type to ask for. */
const MEDIA = { picture: "image/png", gif: "image/gif", mp4: "video/mp4", values: "application/json" }

/**
 * Registers such a node type. Its config has `service` and `train` beside what `ask` reads, and may
 * say that the answer, where it is a picture, is shown `below` the node.
 *
 * @param {object} RED
 * @param {string} type
 * @param {(question: object) => Promise<{ status?, messages? }|undefined>} ask  puts the answer into `msg`, or returns the
 *     `messages` of each output; and the status that is shown then. A question is
 *     { client, job, msg, config, signal, tell }, where `signal` ends with the node and `tell(text)` shows how far it is,
 *     and two ways to ask the job's model, each with what follows in its path:
 *     `model(what, body, as)` for a Buffer, whose training step becomes `msg.step`, or for an object as `values`; and
 *     `slowly(what, body)` for what tells how far it is, and then the object
 */
function registerAsking(RED, type, ask) {
    RED.nodes.registerType(type, function (config) {
        RED.nodes.createNode(this, upToDate(config))
        const closing = new AbortController()
        const { signal } = closing
        const below = config.below ? new Below(RED, this) : null
        this.on("close", (removed, done) => {
            closing.abort()
            below?.close(removed)
            done()
        })
        const tell = (text) => this.status({ fill: "blue", shape: "dot", text })

        this.on("input", async (msg, send, done) => {
            try {
                const { client, job } = jobOf(RED, config, msg)
                const path = `/v1/models/${encodeURIComponent(job)}`
                const model = async (what, body, as) => {
                    const options = { body, accept: MEDIA[as], signal, timeout: TIMEOUT_MS }
                    if (as === "values") return client.json(`${path}/${what}`, options)
                    const response = await client.open(`${path}/${what}`, options)
                    const step = response.headers.get(STEP)
                    if (/^\d+$/.test(step)) msg.step = Number(step)
                    return Buffer.from(await client.read(() => response.arrayBuffer()))
                }
                const slowly = (what, body) => converse(client, `${path}/${what}`, body, signal, tell)
                const { status = {}, messages = msg } =
                    (await ask({ client, job, path, msg, config, signal, tell, model, slowly })) || {}
                msg.job = job
                this.status(status)
                below?.take({ payload: msg.payload, sample: { step: msg.step } })
                send(messages)
                done()
            } catch (error) {
                if (closing.signal.aborted) return done()
                this.status({ fill: "red", shape: "ring", text: "status.refused" })
                done(error)
            }
        })
    })

    /** Tells how far it is, and returns what the service says at last. */
    async function converse(client, path, body, signal, tell) {
        tell("status.asked")
        for await (const { type: event, data } of stream(client, path, { body, signal, patience: SILENCE_MS })) {
            if (event === "problem") throw new ServiceError(data.status, data)
            if (event !== "progress") return data
            tell(progressText(data))
        }
        throw new Error(RED._("errors.broken"))
    }
}

const progressText = ({ what, done, total }) => (total > 1 ? `${what} ${done} / ${total}` : what)

const good = (text) => ({ fill: "green", shape: "dot", text })

module.exports = { registerAsking, good }
