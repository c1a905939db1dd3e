const { jobOf } = require("../lib/job")
const { upToDate } = require("../lib/migrations")

/** The service loads a model before it samples from it, and says itself when that takes too long. */
const TIMEOUT_MS = 120_000

/** What a message may ask for instead of the dialog, under the same names as in the service. */
const WISHES = ["count", "seed", "labels", "columns", "noise"]

module.exports = (RED) => {
    /** config: service, train, count, seed, labels, columns; an empty text leaves the choice to the service */
    function SampleNode(config) {
        RED.nodes.createNode(this, upToDate(config))
        this.on("input", async (msg, send, done) => {
            try {
                const { client, job } = jobOf(RED, config, msg)
                const body = wishesOf(msg)
                const path = `/v1/models/${encodeURIComponent(job)}/sample`
                msg.payload = await client.bytes(path, { body, accept: "image/png", timeout: TIMEOUT_MS })
                msg.sample = body
                msg.job = job
                this.status({})
                send(msg)
                done()
            } catch (error) {
                this.status({ fill: "red", shape: "ring", text: "status.refused" })
                done(error)
            }
        })

        /** The message's wishes before the dialog's; fewer classes than pictures are repeated by the service. */
        function wishesOf(msg) {
            const wishes = { ...typed(config), ...pick(msg) }
            if (typeof wishes.labels === "number") wishes.labels = [wishes.labels]
            return wishes
        }
    }

    const pick = (source) =>
        Object.fromEntries(WISHES.filter((key) => source[key] !== undefined).map((key) => [key, source[key]]))

    /** What the dialog says: texts, of which an empty one leaves the choice to the service. */
    function typed(config) {
        const numbers = (text) =>
            String(text ?? "")
                .split(/[\s,;]+/)
                .filter(Boolean)
                .map(Number)
        const wishes = { labels: numbers(config.labels) }
        for (const key of ["count", "seed", "columns"]) {
            const [number] = numbers(config[key])
            if (number !== undefined) wishes[key] = number
        }
        if (wishes.labels.length === 0) delete wishes.labels
        return wishes
    }

    RED.nodes.registerType("authorgan-sample", SampleNode)
}
