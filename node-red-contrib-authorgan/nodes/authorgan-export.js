const { registerAsking, good } = require("../lib/asking")
const { wishesOf } = require("../lib/wishes")

/** Writing a network as ONNX loads a compiler first; the service says itself when that takes too long. */
const TIMEOUT_MS = 330_000

/** What the service may send a file as; without JSON among them it sends the file and not its address. */
const ACCEPT = "application/octet-stream, text/x-python, application/x-ipynb+json"

module.exports = (RED) =>
    registerAsking(RED, "authorgan-export", async (question) => {
        const { client, path, msg, config, signal } = question
        const body = wishesOf(msg, config, { format: "text", network: "text", library: "text" })
        question.tell("status.writing")
        const response = await client.open(`${path}/export`, { body, accept: ACCEPT, signal, timeout: TIMEOUT_MS })
        msg.payload = Buffer.from(await client.read(() => response.arrayBuffer()))
        msg.filename = nameOf(response)
        return { status: good(msg.filename) }
    })

/** The name that the service gives the file; of a path only its end. */
const nameOf = (response) =>
    /filename="?([^"/\\]+)"?/.exec(response.headers.get("content-disposition") || "")?.[1] || "model"
