/**
 * The events of a job from wherever one left off to its end, however often the line breaks.
 *
 * An event is a copy of what the resources already hold. So when nothing is heard, or a stream closes before its `end`,
 * the job itself is asked, and its answer counts.
 */
const { createParser } = require("eventsource-parser")
const { ServiceError } = require("./client")

/** The service says something at least every 15 s (a comment, if nothing else); a line silent for three of these is dead. */
const SILENCE_MS = 45_000
/** How long the stream of a job that is known to have ended may keep the rest of its events to itself. */
const LAST_LOOK_MS = 3_000
const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 10_000

const ENDED = ["succeeded", "failed", "stopped"]

/**
 * @param {Client} client
 * @param {string} jobId
 * @param {object} options
 * @param {string} [options.lastEventId]  the last event that was seen; the next one comes first
 * @param {boolean} [options.onlyNew]  without a last event: what has happened before is left out
 * @param {AbortSignal} options.signal  ends the following, without an error
 * @param {(error: Error|null) => void} [options.onLine]  told when the line breaks (why) and when it stands again (null)
 * @param {number} [options.silence]  milliseconds without a byte until the line counts as dead
 * @yields {{ id: string|undefined, type: string, data: object }}  the last one is of type `end`
 * @throws {ServiceError} when the service says that it knows no such job, or that one may not see it
 */
async function* follow(client, jobId, { lastEventId, onlyNew, signal, onLine = () => {}, silence = SILENCE_MS }) {
    const path = `/v1/jobs/${encodeURIComponent(jobId)}`
    let wait = FIRST_WAIT_MS
    let ended = null
    while (!signal.aborted) {
        let broken = null
        try {
            const patience = ended ? LAST_LOOK_MS : silence
            for await (const event of stream(client, `${path}/events${onlyNew ? "?new=true" : ""}`, {
                lastEventId,
                signal,
                patience,
                onLine
            })) {
                wait = FIRST_WAIT_MS
                lastEventId = event.id ?? lastEventId
                yield event
                if (event.type === "end") return
            }
        } catch (error) {
            broken = passing(error, signal)
        }
        if (signal.aborted) return
        if (ended) {
            yield ended
            return
        }
        onLine(broken)
        await pause(wait * (0.5 + Math.random() / 2), signal)
        wait = Math.min(wait * 2, LONGEST_WAIT_MS)
        try {
            const job = await client.json(path, { signal })
            // One more look at the stream for what came before the end; if it does not tell the end, this will do.
            if (ENDED.includes(job.state)) ended = { type: "end", data: endOf(job) }
        } catch (error) {
            passing(error, signal)
        }
    }
}

const endOf = ({ state, problem }) => ({ type: "end", state, problem })

/** An error that time may heal is handed back; what the service refuses for good is thrown. */
function passing(error, signal) {
    if (!signal.aborted && error instanceof ServiceError && error.status < 500) throw error
    return error
}

/** Does something until it works, unless the service refuses it for good or `signal` comes first, which throws. */
async function insist(work, signal) {
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
        try {
            return await work()
        } catch (error) {
            passing(error, signal)
            await pause(wait, signal)
            if (signal.aborted) throw error
        }
    }
}

/** One connection: its events until it closes. With a `body` it is a POST. */
async function* stream(client, path, { lastEventId, signal, patience, body, onLine = () => {} }) {
    const silent = new AbortController()
    const lost = () => silent.abort(new Error(`silent for ${patience / 1000} s`))
    let clock = setTimeout(lost, patience)
    try {
        const response = await client.open(path, {
            accept: "text/event-stream",
            body,
            headers: lastEventId ? { "Last-Event-ID": lastEventId } : {},
            signal: AbortSignal.any([signal, silent.signal]),
            timeout: 0
        })
        onLine(null)
        const heard = []
        const parser = createParser({ onEvent: (event) => heard.push(event) })
        const decoder = new TextDecoder()
        for await (const chunk of response.body) {
            clearTimeout(clock)
            clock = setTimeout(lost, patience)
            parser.feed(decoder.decode(chunk, { stream: true }))
            for (const { id, event, data } of heard.splice(0)) {
                yield { id, type: event || "message", data: JSON.parse(data) }
            }
        }
    } finally {
        clearTimeout(clock)
        silent.abort()
    }
}

function pause(milliseconds, signal) {
    return new Promise((resolve) => {
        const clock = setTimeout(done, milliseconds)
        function done() {
            clearTimeout(clock)
            signal.removeEventListener("abort", done)
            resolve()
        }
        signal.addEventListener("abort", done)
    })
}

module.exports = { follow, insist, pause, stream, ENDED }
