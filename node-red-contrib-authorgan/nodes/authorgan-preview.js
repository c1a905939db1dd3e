const { Curve } = require("../lib/curve")
const { upToDate } = require("../lib/migrations")

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

module.exports = (RED) => {
    const mayLook = RED.auth.needsPermission("authorgan.read")

    function PreviewNode(config) {
        RED.nodes.createNode(this, upToDate(config))
        const node = this
        const topic = `authorgan/preview/${node.id}`
        if (!shown.has(node.id)) shown.set(node.id, empty())
        let clock = null

        this.on("input", (msg, _send, done) => {
            const state = msg.reset ? empty() : shown.get(node.id)
            shown.set(node.id, state)
            if (!msg.reset && !take(state, msg)) return done()
            clock ??= setTimeout(notice, NOTICE_MS)
            done()
        })

        this.on("close", (removed, done) => {
            clearTimeout(clock)
            if (removed) {
                shown.delete(node.id)
                RED.comms.publish(topic, { id: node.id }, false)
            }
            done()
        })

        /** Tells every editor that there is something new to fetch; the last notice waits for editors that open later. */
        function notice() {
            clock = null
            const { picture, step, curve, versions } = shown.get(node.id)
            const url = (what) => `authorgan/preview/${encodeURIComponent(node.id)}/${what}?${versions[what]}`
            RED.comms.publish(
                topic,
                {
                    id: node.id,
                    step,
                    picture: picture && url("picture"),
                    curve: curve.last && url("curve")
                },
                true
            )
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

    RED.nodes.registerType("authorgan-preview", PreviewNode)

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
