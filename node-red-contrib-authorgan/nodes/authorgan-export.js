const { jobOf } = require("../lib/job")
const { upToDate } = require("../lib/migrations")

/** Writing a network as ONNX loads a compiler first; the service says itself when that takes too long. */
const TIMEOUT_MS = 330_000

/** What the service may send a file as; without JSON among them it sends the file and not its address. */
const ACCEPT = "application/octet-stream, text/x-python, application/x-ipynb+json"

module.exports = (RED) => {
    /** config: service, train, format, network */
    function ExportNode(config) {
        RED.nodes.createNode(this, upToDate(config))
        this.on("input", async (msg, send, done) => {
            try {
                const { client, job } = jobOf(RED, config, msg)
                const body = { format: msg.format || config.format, network: msg.network || config.network }
                const path = `/v1/models/${encodeURIComponent(job)}/export`
                this.status({ fill: "blue", shape: "dot", text: "status.writing" })
                const response = await client.open(path, { body, accept: ACCEPT, timeout: TIMEOUT_MS })
                msg.payload = Buffer.from(await client.read(() => response.arrayBuffer()))
                msg.filename = nameOf(response)
                msg.job = job
                this.status({ fill: "green", shape: "dot", text: msg.filename })
                send(msg)
                done()
            } catch (error) {
                this.status({ fill: "red", shape: "ring", text: "status.refused" })
                done(error)
            }
        })
    }

    RED.nodes.registerType("authorgan-export", ExportNode)
}

/** The name that the service gives the file; of a path only its end. */
const nameOf = (response) =>
    /filename="?([^"/\\]+)"?/.exec(response.headers.get("content-disposition") || "")?.[1] || "model"
