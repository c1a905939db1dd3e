const { registerAsking, good } = require("../lib/asking")
const { wishesOf } = require("../lib/wishes")

/** A movie is made when it is first asked for. */
const TIMEOUT_MS = 300_000

module.exports = (RED) =>
    /** config: format ("gif", "mp4"), as ("buffer", "address"), seconds, fps */
    registerAsking(RED, "authorgan-movie", async (question) => {
        const { client, job, msg, config, signal } = question
        const { format, ...query } = wishesOf(msg, config, { format: "text", seconds: "number", fps: "number" })
        const path = `/v1/jobs/${encodeURIComponent(job)}/movie.${encodeURIComponent(format)}?${new URLSearchParams(query)}`
        question.tell("status.making")
        const response = await client.open(path, { signal, timeout: TIMEOUT_MS })
        if (config.as === "address") {
            // It has been made and is kept, so whoever opens the address need not wait.
            await response.body.cancel()
            msg.payload = client.url + path
        } else {
            msg.payload = Buffer.from(await client.read(() => response.arrayBuffer()))
        }
        msg.filename = `${job}.${format}`
        return { status: good(msg.filename) }
    })
