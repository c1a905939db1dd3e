/** One training as a train node sees it: submitted, then followed to its end, its events turned into messages. */
const { randomUUID } = require("node:crypto")
const { ServiceError } = require("./client")
const { follow } = require("./follow")
const { statusOf } = require("./status")

/** How long a message waits for a service that is away before it is refused. */
const PATIENCE_MS = 30_000
const RETRY_MS = 1_000

/**
 * Submits a spec. A service that is away is waited for; because of the idempotency key no retry can start a second job.
 * @returns {Promise<object>} the Job
 */
async function submit(client, spec, { signal, onAway, patience = PATIENCE_MS }) {
    const headers = { "Idempotency-Key": randomUUID() }
    const giveUpAt = Date.now() + patience
    for (;;) {
        try {
            return await client.json("/v1/jobs", { body: spec, headers })
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
 * @param {string} [options.lastEventId]
 * @param {AbortSignal} options.signal
 * @param {(output: 0|1|2, message: object) => void} options.emit  0 losses and progress, 1 samples, 2 the end
 * @param {(status: object) => void} options.onStatus  { fill, shape, text } or { fill, shape, key }
 * @param {(eventId: string) => void} options.onHeard
 * @param {(error: Error) => void} options.onWarning  something was lost, but the training goes on
 * @returns {Promise<object|null>} the Job at its end; null when `signal` came first
 */
async function watch({ client, job, lastEventId, signal, emit, onStatus, onHeard, onWarning }) {
    const seen = { state: "queued", progress: null, away: false }
    const show = () => onStatus(statusOf(seen))
    const onLine = (broken) => {
        seen.away = broken !== null
        show()
    }
    // Pictures are fetched beside the events, so that losses need not wait for them, but leave in their own order.
    let pictures = Promise.resolve()

    for await (const { id, type, data } of follow(client, job, { lastEventId, signal, onLine })) {
        if (type === "end") {
            await pictures
            const ended = await client.json(`/v1/jobs/${job}`, { signal }).catch((error) => {
                onWarning(error)
                return { id: job, state: data.state, problem: data.problem }
            })
            onStatus(statusOf({ ...seen, state: ended.state, away: false }))
            emit(2, { topic: "end", payload: ended, job })
            return ended
        }
        if (type === "sample") {
            const picture = client.bytes(data.url, { signal })
            picture.catch(() => {}) // Awaited below, in turn.
            pictures = pictures.then(async () => {
                try {
                    emit(1, { topic: "sample", payload: await picture, sample: data, job })
                } catch (error) {
                    if (!signal.aborted) onWarning(error)
                }
            })
        } else {
            if (type === "state") seen.state = data.state
            if (type === "progress") {
                seen.progress = data
                if (seen.state === "queued") seen.state = "running"
            }
            if (type === "state" || type === "progress") show()
            emit(0, { topic: type, payload: data, job })
        }
        if (id) onHeard(id)
    }
    return null
}

module.exports = { submit, watch }
