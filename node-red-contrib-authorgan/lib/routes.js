/** What the editor asks of the service, by way of Node-RED: the browser need not reach it, nor ever see its key. */
const { Readable } = require("node:stream")
const { addressOf } = require("./address")
const { Client, ServiceError, ServiceAway } = require("./client")
const { memoryIn } = require("./memory")

/** What Node-RED's editor puts in the place of a password that it was not told. */
const UNCHANGED_PASSWORD = "__PWRD__"
const TEST_TIMEOUT_MS = 5_000
const RESOLVE_TIMEOUT_MS = 10_000
/** For a network with all its weights, over a slow line. */
const UPLOAD_TIMEOUT_MS = 300_000

/** What the sidebar may reach by way of Node-RED; whatever else a service offers is not passed on. */
const RUNS = /^\/v1\/(jobs|models|sweeps|compare|datasets)(?=[/?]|$)/
/** What a browser needs of an answer beside its body. */
const PASSED_ON = ["content-type", "content-disposition", "cache-control", "etag"]
/** What tells the service of a file that is passed on to it. */
const DESCRIBE = ["content-type", "content-length"]

/** A stream of events has no end to wait for. */
const EVENTS = "text/event-stream"
const continuing = ({ "last-event-id": id }) => (id ? { "Last-Event-ID": id } : {})

function serviceRoutes(RED) {
    // An address that is not deployed yet may be asked for, which is more than reading.
    const mayDraw = RED.auth.needsPermission("authorgan.write")
    const clientFor = ({ service, url: typed, key }) => {
        const url = addressOf(typed)
        if (key && key !== UNCHANGED_PASSWORD) return new Client(url, key)
        const deployed = RED.nodes.getNode(service)?.client
        // The saved key goes only where it was saved for.
        return deployed && deployed.url === new Client(url).url ? deployed : new Client(url)
    }

    /** Answers with what `ask` gives; what is not the service's doing goes to Node-RED's own error handling. */
    const post = (path, ask) =>
        RED.httpAdmin.post(path, mayDraw, (request, response, next) => {
            answer(response, async () => response.json(await ask(clientFor(request.body), request.body))).catch(next)
        })

    post("/authorgan/test", (client) => describe(client))
    post("/authorgan/zoo", async (client, { name }) =>
        name ? client.json(`/v1/zoo/${encodeURIComponent(name)}`) : (await client.json("/v1/zoo")).zoo
    )
    post("/authorgan/drivers", async (client) => (await client.json("/v1/drivers")).drivers)
    post("/authorgan/resolve", (client, { spec }) =>
        client.json("/v1/specs/resolve", { body: spec, timeout: RESOLVE_TIMEOUT_MS })
    )
    post("/authorgan/picture", (client, { image }) => client.json("/v1/specs/from-picture", { body: { image } }))
    post("/authorgan/redraw", (client, { job, drawn }) => redraw(client, job, drawn))
    /** Answers with what `ask` gives of a file that is passed on; which service is meant stands in the address. */
    const postFile = (path, ask) =>
        RED.httpAdmin.post(path, mayDraw, (request, response, next) => {
            // Pages of other sites may send a form, but not with this header, which the editor's own requests have.
            if (!request.get("X-Requested-With")) {
                return response.status(403).json({ message: "Only the editor sends files here." })
            }
            const headers = Object.fromEntries(DESCRIBE.map((name) => [name, request.headers[name]]))
            return answer(response, async () => {
                const options = { stream: Readable.toWeb(request), headers, timeout: UPLOAD_TIMEOUT_MS }
                response.json(await ask(clientFor(request.query), options))
            }).catch(next)
        })

    postFile("/authorgan/network", (client, file) => client.json("/v1/specs/import", file))
    postFile("/authorgan/weights", async (client, file) => {
        const { id } = await client.json("/v1/models/import", file)
        return client.json(`/v1/jobs/${id}`)
    })
    runsRoute(RED)
    runOfRoute(RED)
}

/** `authorgan/run/<id of a train or preview node>`: the { job } that it is about, and the { service } node that has it. */
function runOfRoute(RED) {
    RED.httpAdmin.get("/authorgan/run/:id", RED.auth.needsPermission("authorgan.read"), (request, response) => {
        const job = RED.nodes.getNode(request.params.id)?.latestJob?.() ?? null
        const starter = RED.nodes.getNode(memoryIn(RED.settings.userDir).starterOf(job))
        response.set("Cache-Control", "no-store").json({ job, service: starter?.service ?? null })
    })
}

/** `authorgan/service/<id of a deployed service node>/v1/jobs…`: a service's runs, as the service itself answers. */
function runsRoute(RED) {
    const mayLook = RED.auth.needsPermission("authorgan.read")
    const mayChange = RED.auth.needsPermission("authorgan.write")
    const guard = (request, response, next) => (request.method === "GET" ? mayLook : mayChange)(request, response, next)
    RED.httpAdmin.use("/authorgan/service/:id", guard, (request, response, next) => {
        const client = RED.nodes.getNode(request.params.id)?.client
        if (!client) return response.status(404).json({ message: "This service node is not deployed." })
        if (!RUNS.test(request.url)) return response.status(404).json({ message: `Not passed on: ${request.url}` })
        const { method, headers } = request
        const body = method === "POST" || method === "PATCH" ? request.body : undefined
        // Nobody waits for what a browser has turned away from.
        const left = new AbortController()
        response.on("close", () => left.abort())
        const fail = (error) => (left.signal.aborted ? response.destroy() : next(error))
        answer(response, async () => {
            const found = await client.open(request.url, {
                method,
                body,
                accept: headers.accept,
                signal: left.signal,
                ...(headers.accept === EVENTS && { timeout: 0, headers: continuing(headers) })
            })
            response.status(found.status)
            for (const name of PASSED_ON) if (found.headers.has(name)) response.set(name, found.headers.get(name))
            if (!found.body) return response.end()
            return Readable.fromWeb(found.body).on("error", fail).pipe(response)
        }).catch(fail)
    })
}

/** Samples of a job, drawn again: { picture: base64 PNG, step: of the weights that drew it }. */
async function redraw(client, job, drawn) {
    const path = `/v1/models/${encodeURIComponent(job)}/sample`
    const response = await client.open(path, { body: drawn, accept: "image/png" })
    const picture = Buffer.from(await client.read(() => response.arrayBuffer()))
    return { picture: picture.toString("base64"), step: Number(response.headers.get("authorgan-step")) }
}

/** What a service says of itself: { version, datasets, ready, workers, missing }. */
async function describe(client) {
    const ask = (path) => client.json(path, { timeout: TEST_TIMEOUT_MS })
    const [{ version }, { datasets }, { ready, parts }] = await Promise.all([
        ask("/healthz"),
        ask("/v1/datasets"),
        ask("/readyz").catch((error) => {
            // 503 is an answer too: it names what is missing.
            if (error instanceof ServiceError && error.answer.parts) return error.answer
            throw error
        })
    ])
    if (!version || !Array.isArray(datasets) || !parts?.training_workers) throw client.stranger()
    const missing = Object.entries(parts).filter(([, { ok }]) => !ok)
    return {
        version,
        datasets: datasets.length,
        ready,
        workers: Number.parseInt(parts.training_workers.detail, 10) || 0,
        missing: missing.map(([name, { detail }]) => `${name.replaceAll("_", " ")}: ${detail}`)
    }
}

/** Lets `work` answer; else the service's own refusal with its status and problems, or 504 when it is away. */
async function answer(response, work) {
    try {
        await work()
    } catch (error) {
        if (error instanceof ServiceError) {
            response
                .status(error.status)
                .json({ message: error.message, problems: error.problems, measured: error.answer.measured })
        } else if (error instanceof ServiceAway) {
            response.status(504).json({ message: error.message, away: true })
        } else {
            throw error
        }
    }
}

module.exports = { serviceRoutes }
