/** A service's runs, asked for by way of Node-RED with the editor's own authorization. */
import { Client } from "../../lib/client.js"
import { text } from "./texts.js"

const TYPE = "authorgan-service"

/** The service nodes of the drawing: [{ id, label }]. */
export function services() {
    const found = []
    RED.nodes.eachConfig((node) => {
        if (node.type === TYPE) found.push({ id: node.id, label: RED.utils.getNodeLabel(node, node.url || node.id) })
        return true
    })
    return found
}

/** One service node's runs. Each method rejects with an Error in words. */
export class Runs {
    /** @param {string} kind  what `act`, `change` and `remove` are about: "jobs" or "sweeps" */
    constructor(service, kind = "jobs") {
        this.service = service
        this.kind = kind
    }

    /** The same service, where another kind is steered. */
    of(kind) {
        return new Runs(this.service, kind)
    }

    async list(filter) {
        return this.json("GET", `jobs?${new URLSearchParams(filter)}`)
    }

    show(id) {
        return this.json("GET", `jobs/${id}`)
    }

    metrics(id, query = {}) {
        return this.json("GET", `jobs/${id}/metrics?${new URLSearchParams(query)}`)
    }

    act(id, action) {
        return this.json("POST", `${this.kind}/${id}/actions`, { action })
    }

    change(id, changes) {
        return this.json("PATCH", `${this.kind}/${id}`, changes)
    }

    /** Into the bin, from where the action "restore" takes it out again. */
    remove(id) {
        return this.json("DELETE", `${this.kind}/${id}`)
    }

    json(method, path, body) {
        return this.ask({
            url: this.address(path),
            method,
            ...(body && { contentType: "application/json", data: JSON.stringify(body) })
        })
    }

    /** The bytes behind an address of the service, such as a sample's `url`, as a Blob. */
    blob(path) {
        return this.bytes(path, {})
    }

    /** The picture that a model draws when it is asked so, as a Blob. */
    drawn(path, body) {
        return this.bytes(path, { body, accept: "image/png" })
    }

    async bytes(path, options) {
        try {
            const response = await this.client().open(`/v1/${path.replace(/^\/v1\//, "")}`, options)
            return await response.blob()
        } catch ({ status = 0, answer, message }) {
            const error = new Error(answer?.message || (status ? message : text("away")))
            throw Object.assign(error, { status, away: status === 0 || status === 504 })
        }
    }

    /** What speaks to the service by `fetch`, for bytes and streams, with the editor's own authorization. */
    client() {
        const root = `authorgan/service/${encodeURIComponent(this.service)}`
        return new Client(root, RED.settings.get("auth-tokens")?.access_token)
    }

    /** "jobs/…" or "/v1/jobs/…" -> where Node-RED passes it on. */
    address(path) {
        return `authorgan/service/${encodeURIComponent(this.service)}/v1/${path.replace(/^\/v1\//, "")}`
    }

    ask(options) {
        return new Promise((resolve, reject) => {
            $.ajax(options)
                .done(resolve)
                .fail(({ status, responseJSON: problem, statusText }) => {
                    const error = new Error(problem?.message || (status ? statusText : text("away")))
                    reject(Object.assign(error, { status, away: status === 0 || status === 504 }))
                })
        })
    }
}
