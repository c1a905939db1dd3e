const { carried } = require("../lib/drawing")
const { upToDate } = require("../lib/migrations")
const { wishesOf } = require("../lib/wishes")

/** The most that a service puts on a page unless it is told otherwise. */
const PAGE = 100

/** As `GET /v1/jobs` knows them. In the dialog, the name is that of the node. */
const FILTERS = {
    state: "texts",
    q: "text",
    tag: "texts",
    name: "message",
    sweep: "message",
    archived: "text",
    sort: "text"
}

module.exports = (RED) => {
    /** config: service, state, words, tag, archived, sort, most, each (a message for each run) */
    function RunsNode(config) {
        RED.nodes.createNode(this, upToDate(config))
        const service = RED.nodes.getNode(config.service)
        const dialog = { ...config, q: config.words, limit: config.most }
        const closing = new AbortController()
        this.on("close", () => closing.abort())

        this.on("input", async (msg, send, done) => {
            if (!service) return done(new Error(RED._("errors.noService")))
            try {
                const { limit } = wishesOf(msg, dialog, { limit: "number" })
                const jobs = await find(service.client, wishesOf(msg, dialog, FILTERS), limit)
                this.status({ fill: "green", shape: "dot", text: RED._("status.found", { count: jobs.length }) })
                if (config.each) for (const message of split(msg, jobs)) send(message)
                else send(Object.assign(msg, { payload: jobs }))
                done()
            } catch (error) {
                if (closing.signal.aborted) return done()
                this.status({ fill: "red", shape: "ring", text: "status.refused" })
                done(error)
            }
        })

        /** The runs that fit, page after page; all of them without a limit. */
        async function find(client, filters, limit = Number.POSITIVE_INFINITY) {
            const jobs = []
            let cursor
            do {
                const query = { ...filters, limit: Math.min(PAGE, limit - jobs.length), ...(cursor && { cursor }) }
                const address = `/v1/jobs?${new URLSearchParams(query)}`
                const page = await client.json(address, { signal: closing.signal })
                jobs.push(...page.jobs)
                cursor = page.next
            } while (cursor && jobs.length < limit)
            return jobs
        }

        /** A message for each run, numbered as a split node does it, so that a join node puts them together again. */
        function split(msg, jobs) {
            const parts = { id: RED.util.generateId(), type: "array", count: jobs.length, len: 1 }
            return jobs.map((job, index) => ({
                ...carried(RED, msg),
                payload: job,
                job: job.id,
                parts: { ...parts, index }
            }))
        }
    }

    RED.nodes.registerType("authorgan-runs", RunsNode)
}
