const { ServiceError } = require("../lib/client")
const { atNodes, carried, drawnSpec, patched, tellProblems } = require("../lib/drawing")
const { axesOf, varies } = require("../lib/grid")
const { memoryIn } = require("../lib/memory")
const { upToDate } = require("../lib/migrations")
const { isObject } = require("../lib/patch")
const { submit } = require("../lib/run")
const { appearanceOf } = require("../lib/status")
const { heatmaps, sweepText, watchSweep } = require("../lib/sweep")

module.exports = (RED) => {
    /** config: service, rows ([{ pointer, values: JSON }]), generator, discriminator (names, separated by commas) */
    function SweepNode(config) {
        RED.nodes.createNode(this, upToDate(config))
        const node = this
        const memory = memoryIn(RED.settings.userDir)
        const service = RED.nodes.getNode(config.service)
        const closing = new AbortController()
        let busy = false

        this.on("close", (removed, done) => {
            closing.abort()
            if (removed) memory.forget(node.id)
            done()
        })

        this.on("input", async (msg, _send, done) => {
            if (!service) return done(new Error(RED._("errors.noService")))
            if (busy) return done(new Error(RED._("errors.busy")))
            busy = true
            let drawing = { nodes: {}, paths: {} }
            try {
                drawing = requestOf(msg)
                const sweep = await submit(service.client, drawing.body, {
                    path: "/v1/sweeps",
                    signal: closing.signal,
                    onAway: away
                })
                tellProblems(RED, node, [])
                memory.started(node.id, sweep.id)
                await follow(sweep.id, carried(RED, msg))
                done()
            } catch (error) {
                if (closing.signal.aborted) return done()
                show("failed", error instanceof ServiceError ? "refused" : "failed")
                const problems = error.problems || []
                tellProblems(
                    RED,
                    node,
                    problems.flatMap((problem) => placed(problem, drawing))
                )
                done(error)
            } finally {
                busy = false
            }
        })

        /** The sweep that a message asks for: its payload, or else the drawing over the dialog's axes; with its patch. */
        function requestOf(msg) {
            if (isSweep(msg.payload)) {
                const { spec, ...rest } = msg.payload
                return { body: { ...rest, spec: patched(spec, msg) }, nodes: {}, paths: {} }
            }
            const { grid, pairs, wrong } = axesOf(config)
            if (wrong.length > 0)
                throw new Error(wrong.map(({ code, values }) => RED._(`wrong.${code}`, values)).join("\n"))
            if (!varies({ grid, pairs })) throw new Error(RED._("wrong.nothing"))
            const { spec, nodes, paths } = drawnSpec(RED, node)
            const name = config.name ? { name: config.name } : {}
            return { body: { ...name, spec: patched(spec, msg), grid, pairs }, nodes, paths }
        }

        /** What is wrong with the spec is told at the drawing, what is wrong with the axes here. */
        function placed(problem, drawing) {
            const inSpec = /^\/spec(?=\/|$)/
            if (problem.node_id || !inSpec.test(problem.pointer))
                return [{ ...problem, node_id: problem.node_id || node.id }]
            return atNodes({ ...problem, pointer: problem.pointer.replace(inSpec, "") }, drawing, node.id)
        }

        /**
         * Tells of a sweep until it has ended; then come its heatmaps, and the end last. Only what ends this node, and not
         * the sweep, leaves it in the memory.
         */
        async function follow(id, base) {
            const tell = (output, message) =>
                node.send([0, 1, 2].map((port) => (port === output ? { ...base, ...message, sweep: id } : null)))
            let latest
            const onLook = (sweep) => node.status({ ...appearanceOf(sweep.state), text: sweepText(sweep) })
            const watched = { signal: closing.signal, onLook, onAway: away }
            try {
                for await (const sweep of watchSweep(service.client, id, watched)) {
                    if (closing.signal.aborted) return
                    latest = sweep
                    tell(0, { topic: "progress", payload: sweep })
                }
                if (closing.signal.aborted) return
                for await (const { name, picture } of heatmaps(service.client, latest, { signal: closing.signal })) {
                    tell(1, { topic: name, payload: picture })
                }
                tell(2, { topic: "end", payload: latest })
            } finally {
                if (!closing.signal.aborted) memory.ended(node.id, id)
            }
        }

        const show = (state, name) => node.status({ ...appearanceOf(state), text: `status.${name}` })
        const away = () => show("paused", "away")

        // A sweep goes on while Node-RED restarts; what its node followed then, it follows now.
        const [followed] = Object.keys(memory.of(node.id).running)
        if (service && followed) {
            busy = true
            follow(followed, {})
                .catch((error) => {
                    if (closing.signal.aborted) return
                    show("failed", "failed")
                    node.error(error, { sweep: followed })
                })
                .finally(() => {
                    busy = false
                })
        }
    }

    RED.nodes.registerType("authorgan-sweep", SweepNode)
}

const isSweep = (payload) => isObject(payload) && isObject(payload.spec)
