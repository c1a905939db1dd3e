const { ServiceError } = require("../lib/client")
const { atNodes, carried, drawnSpec, patched, tellProblems } = require("../lib/drawing")
const { memoryIn } = require("../lib/memory")
const { upToDate } = require("../lib/migrations")
const { isObject } = require("../lib/patch")
const { submit, watch } = require("../lib/run")

/** How long closing may wait for the service; Node-RED itself waits 15 s. */
const CLOSING_MS = 8_000

module.exports = (RED) => {
    /** config: service, whenBusy ("refuse" | "start"), stopOnClose (boolean) */
    function TrainNode(config) {
        RED.nodes.createNode(this, upToDate(config))
        const node = this
        const memory = memoryIn(RED.settings.userDir)
        const service = RED.nodes.getNode(config.service)
        const closing = new AbortController()
        /** Job id, or a symbol while it is being submitted -> the promise of its end. */
        const runs = new Map()
        let submissions = Promise.resolve()

        /** The job that this node started last, running or not: what control and sample nodes act upon. */
        this.latestJob = () => memory.of(node.id).latest
        this.service = config.service
        this.client = service?.client

        if (service) {
            for (const [job, lastEventId] of Object.entries(memory.of(node.id).running)) {
                attach(job, { lastEventId, base: {}, done: () => {} })
            }
        }

        this.on("input", async (msg, _send, done) => {
            if (!service) return done(new Error(RED._("errors.noService")))
            if (runs.size > 0 && config.whenBusy !== "start") return done(new Error(RED._("errors.busy")))
            const ticket = Symbol("submitting")
            // One after the other, so that jobs queue in the order of their messages.
            submissions = submissions.then(() => start(msg, done))
            runs.set(ticket, submissions)
            await runs.get(ticket)
            runs.delete(ticket)
        })

        this.on("close", async (removed, done) => {
            closing.abort()
            const jobs = [...runs.keys()].filter((key) => typeof key === "string")
            const stopping = config.stopOnClose ? jobs.map((job) => stop(job)) : []
            await Promise.race([
                Promise.allSettled([...runs.values(), ...stopping]),
                new Promise((resolve) => setTimeout(resolve, CLOSING_MS))
            ])
            if (removed) memory.forget(node.id)
            else memory.write()
            done()
        })

        /** From a message to a running job; what is wrong goes to `done`, and to the nodes that are responsible. */
        async function start(msg, done) {
            let drawing = { nodes: {}, paths: {} }
            try {
                drawing = specOf(msg)
                const job = await submit(service.client, drawing.spec, {
                    signal: closing.signal,
                    onAway: () => show("away")
                })
                tellProblems(RED, node, [])
                for (const note of job.notes || []) node.warn(note.message)
                memory.started(node.id, job.id)
                attach(job.id, { base: msg, done })
            } catch (error) {
                if (closing.signal.aborted) return done()
                show(error instanceof ServiceError ? "refused" : "failed")
                const problems = error.problems || []
                tellProblems(
                    RED,
                    node,
                    problems.flatMap((problem) => atNodes(problem, drawing, node.id))
                )
                done(error)
            }
        }

        /** The spec that a message asks for: its payload, or else the drawing; then its merge patch. */
        function specOf(msg) {
            const { spec, nodes, paths } = isSpec(msg.payload)
                ? { spec: msg.payload, nodes: {}, paths: {} }
                : drawnSpec(RED, node)
            return { spec: patched(spec, msg), nodes, paths }
        }

        function attach(job, { lastEventId, base, done }) {
            const end = watch({
                client: service.client,
                job,
                lastEventId,
                signal: closing.signal,
                emit: (output, message) => node.send(onOutput(output, { ...carried(RED, base), ...message })),
                onStatus: (status) => node.status(status.key ? { ...status, text: status.key } : status),
                onHeard: (eventId) => memory.heard(node.id, job, eventId),
                onWarning: (error) => node.warn(error.message)
            })
            runs.set(
                job,
                end
                    .then((ended) => {
                        if (ended) memory.ended(node.id, job)
                        done(ended?.state === "failed" ? new Error(failureOf(ended)) : undefined)
                    })
                    .catch((error) => {
                        if (closing.signal.aborted) return done()
                        memory.ended(node.id, job)
                        show("failed")
                        done(error)
                    })
                    .finally(() => runs.delete(job))
            )
        }

        async function stop(job) {
            try {
                await service.client.json(`/v1/jobs/${job}/actions`, { body: { action: "stop" }, timeout: CLOSING_MS })
            } catch (error) {
                node.warn(error.message)
            }
        }

        const show = (name) => node.status({ ...APPEARANCES[name], text: `status.${name}` })
    }

    const onOutput = (output, message) => [0, 1, 2].map((port) => (port === output ? message : null))

    const failureOf = ({ problem }) => problem?.message || RED._("errors.failed")

    RED.nodes.registerType("authorgan-train", TrainNode)
}

const APPEARANCES = {
    away: { fill: "yellow", shape: "ring" },
    refused: { fill: "red", shape: "ring" },
    failed: { fill: "red", shape: "ring" }
}

const isSpec = (payload) => isObject(payload) && "generator" in payload
