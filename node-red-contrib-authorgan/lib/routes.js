/** What the editor asks of the service, by way of Node-RED: the browser need not reach it, nor ever see its key. */
const { Client, ServiceError, ServiceAway } = require("./client")

/** What Node-RED's editor puts in the place of a password that it was not told. */
const UNCHANGED_PASSWORD = "__PWRD__"
const TEST_TIMEOUT_MS = 5_000
const RESOLVE_TIMEOUT_MS = 10_000

function serviceRoutes(RED) {
    // An address that is not deployed yet may be asked for, which is more than reading.
    const mayDraw = RED.auth.needsPermission("authorgan.write")
    const clientFor = ({ service, url, key }) => {
        if (key && key !== UNCHANGED_PASSWORD) return new Client(url, key)
        const deployed = RED.nodes.getNode(service)?.client
        // The saved key goes only where it was saved for.
        return deployed && deployed.url === new Client(url).url ? deployed : new Client(url)
    }

    RED.httpAdmin.post("/authorgan/test", mayDraw, async (request, response) => {
        await answer(response, () => describe(clientFor(request.body)))
    })

    RED.httpAdmin.post("/authorgan/resolve", mayDraw, async (request, response) => {
        const options = { body: request.body.spec, timeout: RESOLVE_TIMEOUT_MS }
        await answer(response, () => clientFor(request.body).json("/v1/specs/resolve", options))
    })
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
    const missing = Object.entries(parts).filter(([, { ok }]) => !ok)
    return {
        version,
        datasets: datasets.length,
        ready,
        workers: Number.parseInt(parts.training_workers.detail, 10) || 0,
        missing: missing.map(([name, { detail }]) => `${name.replaceAll("_", " ")}: ${detail}`)
    }
}

/** 200 with what `work` gives; the service's own refusal with its status and problems; 504 when it is away. */
async function answer(response, work) {
    try {
        response.json(await work())
    } catch (error) {
        if (error instanceof ServiceError) {
            response.status(error.status).json({ message: error.message, problems: error.problems })
        } else if (error instanceof ServiceAway) {
            response.status(504).json({ message: error.message, away: true })
        } else {
            throw error
        }
    }
}

module.exports = { serviceRoutes }
