/**
 * A service whose line can be cut, that can fall silent, refuse, fail and come back: the faults that the real one does
 * not show on demand. It speaks just enough of the service's HTTP for the palette's nodes.
 */
const http = require("node:http")

/** 1x1 pixel, so that a preview has a real picture. */
const PNG = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64"
)

class FakeService {
    constructor() {
        /** Every request: { method, path, query, headers, body }. */
        this.requests = []
        /** Job id -> { state, events: [{ id, type, data }], streams: Set of open responses }. */
        this.jobs = new Map()
        /** Sweep id -> the Sweep as it is shown; a test changes it. */
        this.sweeps = new Map()
        /** Path -> answers to give instead of the usual one, first in first out: { status, body }. */
        this.answers = new Map()
        this.silent = false
        /** A promise that answers about models wait for. */
        this.slow = null
        this.port = 0
    }

    get url() {
        return `http://127.0.0.1:${this.port}`
    }

    async start() {
        this.server = http.createServer((request, response) => this.handle(request, response))
        await new Promise((resolve) => this.server.listen(this.port, "127.0.0.1", resolve))
        this.port = this.server.address().port
        return this
    }

    /** Goes away as a killed process does: every connection breaks. The port stays its own for the next start. */
    async stop() {
        this.server.closeAllConnections()
        await new Promise((resolve) => this.server.close(resolve))
        for (const job of this.jobs.values()) job.streams.clear()
    }

    /** The next request to a path is answered with this instead. */
    answerOnce(path, status, body = {}) {
        this.answers.set(path, [...(this.answers.get(path) || []), { status, body }])
    }

    /** Tells an event to whoever follows the job, and keeps it for those who come later. */
    tell(job, type, data) {
        const entry = this.jobs.get(job)
        const event = { id: `${entry.events.length + 1}-0`, type, data }
        entry.events.push(event)
        if (type === "state" || type === "end") entry.state = data.state
        for (const stream of entry.streams) stream.write(asText(event))
    }

    /** Breaks every event stream of a job. */
    cut(job) {
        for (const stream of this.jobs.get(job).streams) stream.destroy()
    }

    requestsTo(method, pattern) {
        return this.requests.filter((request) => request.method === method && pattern.test(request.path))
    }

    async handle(request, response) {
        const chunks = []
        for await (const chunk of request) chunks.push(chunk)
        const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks)) : undefined
        const { pathname: path, searchParams } = new URL(request.url, this.url)
        this.requests.push({
            method: request.method,
            path,
            query: Object.fromEntries(searchParams),
            headers: request.headers,
            body
        })

        const accepts = (type) => request.headers.accept === type

        const [answer, ...later] = this.answers.get(path) || []
        if (answer) {
            this.answers.set(path, later)
            return json(response, answer.status, answer.body)
        }
        const [, id, rest] = /^\/v1\/(?:jobs|models)\/([^/]+)\/?(.*)$/.exec(path) || []
        if (path === "/v1/jobs" && request.method === "POST") return json(response, 202, this.submit(request, body))
        if (path === "/v1/jobs") return json(response, 200, this.list(searchParams))
        if (path === "/v1/specs/resolve") return json(response, 200, { spec: body, hash: "0", notes: [] })
        if (path === "/v1/datasets") return json(response, 200, { datasets: [{}, {}, {}] })
        if (path === "/healthz") return json(response, 200, { status: "ok", version: "9.8.7" })
        if (path === "/readyz") {
            return json(response, 200, { ready: true, parts: { training_workers: { ok: true, detail: "2 heard of" } } })
        }
        if (path === "/v1/sweeps" && request.method === "POST") return json(response, 202, this.submitSweep(body))
        const [, sweep, heatmap] = /^\/v1\/sweeps\/([^/]+)(\/heatmap\.png)?$/.exec(path) || []
        if (heatmap) return response.end(PNG)
        if (sweep) return json(response, 200, this.sweeps.get(sweep))
        const job = this.jobs.get(id)
        if (!job) return json(response, 404, { status: 404, detail: `There is no job '${id}'.`, problems: [] })
        if (rest === "") return json(response, 200, this.show(id))
        if (rest === "actions") return json(response, 202, this.show(id))
        if (rest === "metrics")
            return json(response, 200, {
                rows: [
                    [1, 0.5, 1.5],
                    [2, 0.4, 1.6]
                ]
            })
        if (rest === "events") return this.stream(job, request, response)
        if (rest === "movie.gif") return response.end("GIF89a")
        if (rest === "evaluate") return evaluate(body, response)
        if (this.slow && rest !== "") await this.slow
        if (rest === "dissect" || rest === "arithmetic") return examine(body, response)
        if (accepts("application/json")) return json(response, 200, { step: 40, ...body })
        if (rest === "export") response.setHeader("Content-Disposition", `attachment; filename="${body.network}.onnx"`)
        response.setHeader("Content-Type", "image/png")
        response.setHeader("Authorgan-Step", "40")
        response.end(PNG)
    }

    /** A page of the jobs, oldest first; its cursor is how many lie before the next one. */
    list(query) {
        const start = Number(query.get("cursor"))
        const end = start + Number(query.get("limit"))
        const jobs = [...this.jobs.keys()].slice(start, end).map((id) => this.show(id))
        return { jobs, next: end < this.jobs.size ? `${end}` : null }
    }

    submit(request, spec) {
        const key = request.headers["idempotency-key"]
        for (const [id, job] of this.jobs) if (key && job.key === key) return this.show(id)
        const id = `job${this.jobs.size + 1}`
        this.jobs.set(id, { key, spec, state: "queued", events: [], streams: new Set() })
        return this.show(id)
    }

    submitSweep({ name = "sweep" }) {
        const id = `sweep${this.sweeps.size + 1}`
        const progress = { jobs: 4, ended: 0, fraction: 0, eta_seconds: null }
        const values = ["generator_loss", "images_per_second", "precision"].map((each) => ({ name: each }))
        this.sweeps.set(id, { id, name, state: "queued", progress, values })
        return this.sweeps.get(id)
    }

    show(id) {
        const { state, problem = null } = this.jobs.get(id)
        const progress = { step: 0, total: null }
        return { id, name: "", state, progress, losses: null, latest_sample: null, problem, notes: [] }
    }

    stream(job, request, response) {
        if (this.silent) return // Accepted, and never answered.
        response.writeHead(200, { "Content-Type": "text/event-stream" })
        response.write("retry: 2000\n\n")
        const after = Number.parseInt(request.headers["last-event-id"] || "0", 10)
        for (const event of job.events.slice(after)) response.write(asText(event))
        job.streams.add(response)
        response.on("close", () => job.streams.delete(response))
    }
}

/** Half of everything is right; whoever wants 13 images is told why not, on the way. */
function evaluate({ metrics, count }, response) {
    const scores = metrics.map((metric) => ({ name: metric.choice || metric, value: 0.51234, floor: 0.9 }))
    const problem = { status: 422, detail: "13 images are too few.", problems: [] }
    response.writeHead(200, { "Content-Type": "text/event-stream" })
    response.write('event: progress\ndata: {"what": "drawing", "done": 1, "total": 2}\n\n')
    if (count === 13) response.end(`event: problem\ndata: ${JSON.stringify(problem)}\n\n`)
    else if (count === 14) response.end()
    else response.end(`event: scores\ndata: ${JSON.stringify({ scores, step: 40 })}\n\n`)
}

/** What takes long: how far it is, and then two units, or what was asked. */
function examine(body, response) {
    const picture = PNG.toString("base64")
    const units = [3, 17].map((unit) => ({ unit, score: 1 / unit, level: unit / 2, picture }))
    const found = { by: "class", units, before: picture, after: picture, changed: { count: 5, of: 8 }, step: 40 }
    response.writeHead(200, { "Content-Type": "text/event-stream" })
    response.write('event: progress\ndata: {"what": "drawing", "done": 1, "total": 2}\n\n')
    response.end(`event: found\ndata: ${JSON.stringify(body.layer ? found : { ...body, picture, step: 40 })}\n\n`)
}

const asText = ({ id, type, data }) => `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`

function json(response, status, body) {
    response.writeHead(status, { "Content-Type": "application/json" })
    response.end(JSON.stringify(body))
}

module.exports = { FakeService, PNG }
