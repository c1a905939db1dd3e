/** The AuthorGAN service by HTTP: one place that knows addresses, the key, and how a problem is written (RFC 9457). */

/** How long a request may take before it counts as unanswered. Event streams have no such limit. */
const TIMEOUT_MS = 30_000

/** The service answered, and said no. `problems` are its [{ pointer, code, message, node_id }], `answer` is all it said. */
class ServiceError extends Error {
    constructor(status, problem) {
        super(readable(status, problem))
        this.name = "ServiceError"
        this.status = status
        this.problems = problem.problems || []
        this.answer = problem
    }
}

/** The service did not answer at all. */
class ServiceAway extends Error {
    constructor(url, cause) {
        super(`${url} does not answer (${cause.cause?.code || cause.cause?.message || cause.message}).`, { cause })
        this.name = "ServiceAway"
    }
}

class Client {
    /**
     * @param {string} url  where the service listens, with or without a path in front of /v1
     * @param {string} [key]  the API key, where the service asks for one
     */
    constructor(url, key) {
        this.url = String(url || "").replace(/\/+$/, "")
        this.key = key
    }

    /** GET or, with a body, POST; the parsed JSON. */
    async json(path, options = {}) {
        const response = await this.open(path, { accept: "application/json", ...options })
        const text = await this.read(() => response.text())
        try {
            return JSON.parse(text)
        } catch {
            throw this.stranger()
        }
    }

    /** GET or, with a body, POST; the bytes. */
    async bytes(path, options = {}) {
        const response = await this.open(path, options)
        return Buffer.from(await this.read(() => response.arrayBuffer()))
    }

    /**
     * The response itself, once it is known to be a success; for streams. `stream` is a body that is passed on as it
     * comes, of the kind that `headers` say.
     */
    async open(path, { method, body, stream, accept, headers = {}, signal, timeout = TIMEOUT_MS } = {}) {
        const response = await this.read(() =>
            fetch(this.url + path, {
                method: method || (body === undefined && !stream ? "GET" : "POST"),
                headers: {
                    ...(accept && { Accept: accept }),
                    ...(body !== undefined && { "Content-Type": "application/json" }),
                    ...(this.key && { Authorization: `Bearer ${this.key}` }),
                    ...headers
                },
                body: stream || (body === undefined ? undefined : JSON.stringify(body)),
                ...(stream && { duplex: "half" }),
                signal: anyOf(signal, timeout && AbortSignal.timeout(timeout))
            })
        )
        if (!response.ok) throw new ServiceError(response.status, await problemOf(response))
        return response
    }

    /** Somebody answers, but not as the service does. */
    stranger() {
        return new ServiceError(502, { detail: `What answers at ${this.url} is no AuthorGAN service.` })
    }

    /** Runs what may fail on the way, and tells a service that is away from one that was not waited for. */
    async read(work) {
        try {
            return await work()
        } catch (error) {
            if (error.name === "AbortError") throw error
            throw new ServiceAway(this.url, error)
        }
    }
}

function anyOf(...signals) {
    const given = signals.filter(Boolean)
    return given.length > 0 ? AbortSignal.any(given) : undefined
}

async function problemOf(response) {
    const text = await response.text()
    try {
        return JSON.parse(text)
    } catch {
        // Not the service itself: a proxy in front of it answers in HTML.
        return { title: response.statusText, detail: text.slice(0, 200) }
    }
}

/** "Unprocessable spec: /generator/latent_dim must be at least 1; …" */
function readable(status, { title, detail, problems = [] }) {
    const all = problems.map(({ pointer, message }) => (pointer ? `${message} (${pointer})` : message))
    return all.length > 0 ? all.join("\n") : detail || title || `The service answered with status ${status}.`
}

module.exports = { Client, ServiceError, ServiceAway }
