/** The nodes that ask the service something of a job, once for each message: what is alike in all of them. */
const { Below } = require("./below")
const { ServiceError } = require("./client")
const { stream } = require("./follow")
const { jobOf } = require("./job")
const { upToDate } = require("./migrations")

/**
 * The service says itself when something takes too long, which what trains a classifier first may do; one that is gone is
 * waited for no longer than this.
 */
const PATIENCE_MS = 600_000

/** What is answered sooner than this needs no word below the node; it would only flicker. */
const SOON_MS = 300

/** Which training step the weights are from that drew a picture. */
const STEP = "Authorgan-Step"

/** How an answer may be wanted -> the media type to ask for. */
const MEDIA = { picture: "image/png", gif: "image/gif", mp4: "video/mp4", values: "application/json" }

/**
 * Registers such a node type. Its config has `service` and `train` beside what `ask` reads, and may say that the answer,
 * where it is a picture, is shown `below` the node.
 *
 * @param {object} RED
 * @param {string} type
 * @param {(question: Question) => Promise<{ status?, messages? }|undefined>} ask  puts the answer into `msg`, or returns
 *     the `messages` of each output; and the status that is shown then
 */
function registerAsking(RED, type, ask) {
    RED.nodes.registerType(type, function (config) {
        RED.nodes.createNode(this, upToDate(config))
        const closing = new AbortController()
        const below = config.below ? new Below(RED, this) : null
        this.on("close", (removed, done) => {
            closing.abort()
            below?.close(removed)
            done()
        })

        this.on("input", async (msg, send, done) => {
            let question
            try {
                question = new Question(RED, this, { msg, config, signal: closing.signal })
                const { status = {}, messages = msg } = (await ask(question)) || {}
                msg.job = question.job
                this.status(status)
                below?.take({ payload: msg.payload, sample: { step: msg.step } })
                send(messages)
                done()
            } catch (error) {
                if (closing.signal.aborted) return done()
                this.status({ fill: "red", shape: "ring", text: "status.refused" })
                done(error)
            } finally {
                question?.end()
            }
        })
    })
}

/** What one message asks: of which `client` and `job`; `path` is that of the job's model, `signal` ends with the node. */
class Question {
    constructor(RED, node, { msg, config, signal }) {
        const { client, job } = jobOf(RED, config, msg)
        const path = `/v1/models/${encodeURIComponent(job)}`
        Object.assign(this, { RED, node, msg, config, signal, client, job, path })
        // Most likely the model is being loaded.
        this.patience = setTimeout(() => this.tell("status.waiting"), SOON_MS)
    }

    /** It was answered, or will not be. */
    end() {
        clearTimeout(this.patience)
    }

    /** Shows below the node how far it is. */
    tell(text) {
        clearTimeout(this.patience)
        this.node.status({ fill: "blue", shape: "dot", text })
    }

    /**
     * Asks the model.
     * @param {string} what  the last part of its path
     * @param {"picture"|"gif"|"mp4"|"values"} as
     * @returns {Promise<Buffer|object>} an object as `values`, else a Buffer, whose training step becomes `msg.step`
     */
    async model(what, body, as) {
        const accept = MEDIA[as]
        if (!accept) throw new Error(this.RED._("errors.noForm", { as, forms: Object.keys(MEDIA).join(", ") }))
        const options = { body, accept, signal: this.signal, timeout: PATIENCE_MS }
        if (as === "values") return this.client.json(`${this.path}/${what}`, options)
        const response = await this.client.open(`${this.path}/${what}`, options)
        const step = response.headers.get(STEP)
        if (/^\d+$/.test(step)) this.msg.step = Number(step)
        return Buffer.from(await this.client.read(() => response.arrayBuffer()))
    }

    /** Asks the model for what tells how far it is, shows that, and returns what the service says at last. */
    async slowly(what, body) {
        this.tell("status.asked")
        const connection = { body, signal: this.signal, patience: PATIENCE_MS }
        for await (const { type, data } of stream(this.client, `${this.path}/${what}`, connection)) {
            if (type === "problem") throw new ServiceError(data.status, data)
            if (type !== "progress") return data
            this.tell(progressText(data))
        }
        throw new Error(this.RED._("errors.broken"))
    }
}

const progressText = ({ what, done, total }) => (total > 1 ? `${what} ${done} / ${total}` : what)

const good = (text) => ({ fill: "green", shape: "dot", text })

module.exports = { registerAsking, good }
