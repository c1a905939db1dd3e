/** One training as a train node sees it: submitted, then followed to its end, its events turned into messages. */
const { randomUUID } = require("node:crypto")
const { ServiceError } = require("./client")
const { ENDED, follow, insist } = require("./follow")
const { statusOf } = require("./status")

/** How long a message waits for a service that is away before it is refused. */
const PATIENCE_MS = 30_000
const RETRY_MS = 1_000

/** How many points of the loss curve are asked for when its events were missed. */
const CURVE_POINTS = 1_000

/**
 * Submits a spec as a job, or to another `path` what it takes. A service that is away is waited for; because of the idempotency key no retry can start a second job.
 * @returns {Promise<object>} the Job, or what else was made
 */
async function submit(client, body, { path = "/v1/jobs", signal, onAway, patience = PATIENCE_MS }) {
    const headers = { "Idempotency-Key": randomUUID() }
    const giveUpAt = Date.now() + patience
    for (;;) {
        try {
            return await client.json(path, { body, headers })
        } catch (error) {
            const final = error instanceof ServiceError && error.status < 500
            if (final || signal.aborted || Date.now() + RETRY_MS > giveUpAt) throw error
            onAway(error)
            await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
        }
    }
}

/**
 * Follows a job and reports until it ends or `signal` says stop.
 *
 * @param {object} options
 * @param {Client} options.client
 * @param {string} options.job  its id
 * @param {string} [options.lastEventId]  given for a job that was followed before, even if it is empty
 * @param {AbortSignal} options.signal
 * @param {(output: 0|1|2, message: object) => void} options.emit  0 losses and progress, 1 samples, 2 the end
 * @param {(status: object) => void} options.onStatus  { fill, shape, text } or { fill, shape, key }
 * @param {(eventId: string) => void} options.onHeard
 * @param {(error: Error) => void} options.onWarning  something was lost, but the training goes on
 * @returns {Promise<object|null>} the Job at its end; null when `signal` came first
 */
async function watch({ client, job, lastEventId, signal, emit, onStatus, onHeard, onWarning }) {
    const path = `/v1/jobs/${encodeURIComponent(job)}`
    const seen = { state: "queued", progress: null, away: false }
    const show = () => onStatus(statusOf(seen))
    const progressOf = (progress) => (progress.total ? progress : null)
    const tell = (type, data) => emit(0, { topic: type, payload: { type, ...data }, job })
    const onLine = (broken) => {
        seen.away = broken !== null
        show()
    }
    // Pictures are fetched beside the events, so that losses need not wait for them, but leave in their own order.
    let pictures = Promise.resolve()
    let latestPicture = -1
    const fetchPicture = (sample) => {
        if (sample.step <= latestPicture) return // Told again after a gap.
        latestPicture = sample.step
        const picture = insist(() => client.bytes(sample.url, { signal }), signal).then(
            (bytes) => ({ bytes }),
            (error) => ({ error })
        )
        pictures = pictures.then(async () => {
            const { bytes, error } = await picture
            if (bytes) emit(1, { topic: "sample", payload: bytes, sample: { type: "sample", ...sample }, job })
            else if (!signal.aborted) onWarning(error)
        })
    }

    if (lastEventId !== undefined) {
        // The event that told its state lies behind us.
        const { state, progress } = await insist(() => client.json(path, { signal }), signal)
        Object.assign(seen, { state, progress: progressOf(progress) })
        if (!ENDED.includes(state)) show()
    }
    for await (const { id, type, data } of follow(client, job, { lastEventId, signal, onLine })) {
        if (type === "end") {
            await pictures
            const ended = await insist(() => client.json(path, { signal }), signal)
            onStatus(statusOf({ ...seen, state: ended.state, away: false }))
            emit(2, { topic: "end", payload: ended, job })
            return ended
        }
        if (type === "snapshot") {
            // Events were missed for good. The job tells where it stands, the resources what happened meanwhile.
            Object.assign(seen, { state: data.state, progress: progressOf(data.progress) })
            tell("state", { state: data.state })
            const metrics = `${path}/metrics?max_points=${CURVE_POINTS}`
            const curve = await insist(() => client.json(metrics, { signal }), signal)
            const last = curve.rows.at(-1)
            if (last) tell("loss", { step: last[0], generator: last[1], discriminator: last[2], points: curve.rows })
            if (data.latest_sample) fetchPicture(data.latest_sample)
            show()
        } else if (type === "sample") {
            fetchPicture(data)
        } else {
            if (type === "state") seen.state = data.state
            if (type === "progress") seen.progress = data
            if (type === "state" || type === "progress") show()
            tell(type, data)
        }
        if (id) onHeard(id)
    }
    return null
}

module.exports = { submit, watch }
