/**
 * What nodes show below themselves in the drawing: the latest picture and a loss curve. Editors are told by small notices
 * that there is something new, and fetch it by the routes here.
 */
const { Curve } = require("./curve")

/** Notices to the editor at most this often; pictures come faster than an eye follows. */
const NOTICE_MS = 250

/** The first bytes of the kinds of pictures that a browser shows. */
const PICTURES = [
    ["image/png", Buffer.from([0x89, 0x50, 0x4e, 0x47])],
    ["image/jpeg", Buffer.from([0xff, 0xd8, 0xff])],
    ["image/gif", Buffer.from("GIF8")]
]
const typeOf = (bytes) => PICTURES.find(([, start]) => bytes.subarray(0, start.length).equals(start))?.[0]

/** Node id -> what it shows. Outlives a redeploy of the node, not its removal. */
const shown = new Map()
const empty = () => ({
    picture: null,
    type: null,
    step: null,
    curve: new Curve(),
    job: null,
    jobs: new Set(),
    versions: {}
})

/** Numbers changes, so that an address changes with what lies behind it; never one twice, even after a restart. */
let changes = Date.now()

class Below {
    constructor(RED, { id }) {
        Object.assign(this, { RED, id, topic: `authorgan/preview/${id}`, clock: null })
        if (!shown.has(id)) shown.set(id, empty())
    }

    /** The job of the training that is shown, or null. */
    get job() {
        return shown.get(this.id).job
    }

    /** Shows what there is to show in a message; anything else is left alone. */
    take(msg) {
        if (take(shown.get(this.id), msg)) this.tell()
    }

    /** Takes picture and curve away. */
    reset() {
        shown.set(this.id, empty())
        this.tell()
    }

    /** @param {boolean} removed  the node is gone for good, and what it showed with it */
    close(removed) {
        clearTimeout(this.clock)
        if (!removed) return
        shown.delete(this.id)
        this.RED.comms.publish(this.topic, { id: this.id }, false)
    }

    /** Soon tells every editor that there is something new to fetch; the last notice waits for editors that open later. */
    tell() {
        this.clock ??= setTimeout(() => {
            this.clock = null
            const { picture, step, curve, versions } = shown.get(this.id)
            const url = (what) => `authorgan/preview/${encodeURIComponent(this.id)}/${what}?${versions[what]}`
            const notice = { id: this.id, step, picture: picture && url("picture"), curve: curve.last && url("curve") }
            this.RED.comms.publish(this.topic, notice, true)
        }, NOTICE_MS)
    }
}

/** Puts a message into what is shown; false when there is nothing in it to show. */
function take(state, { payload, sample, topic, job }) {
    const ofTraining = topic === "loss" || topic === "sample" || topic === "progress"
    if (ofTraining && job !== state.job) {
        // Two trainings into one preview: the one that began last is shown.
        if (state.jobs.has(job)) return false
        state.jobs.add(job)
        state.job = job
        state.curve.clear()
    }
    if (Buffer.isBuffer(payload) && typeOf(payload)) {
        Object.assign(state, { picture: payload, type: typeOf(payload), step: sample?.step ?? null })
        state.versions.picture = ++changes
        return true
    }
    if (topic === "loss" && Array.isArray(payload?.points)) {
        state.curve.add(payload.points)
        state.versions.curve = ++changes
        return true
    }
    return false
}

/** Where editors fetch it, with what they may do anyway; once for all nodes. */
function belowRoutes(RED) {
    const mayLook = RED.auth.needsPermission("authorgan.read")
    const show = (what) => (request, response) => {
        const state = shown.get(request.params.id)
        response.set("Cache-Control", "no-store")
        if (what === "curve" && state) response.json(state.curve)
        else if (what === "picture" && state?.picture) response.type(state.type).send(state.picture)
        else response.sendStatus(404)
    }
    RED.httpAdmin.get("/authorgan/preview/:id/picture", mayLook, show("picture"))
    RED.httpAdmin.get("/authorgan/preview/:id/curve", mayLook, show("curve"))
}

module.exports = { Below, belowRoutes }
