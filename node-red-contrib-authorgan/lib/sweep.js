/** One sweep as its node sees it: looked at until it has ended, and its heatmaps. */
const { ServiceError } = require("./client")
const { insist, pause } = require("./follow")
const { duration } = require("./status")

/** How often a sweep is looked at. */
const LOOK_MS = 2_000

/** What every sweep has a heatmap of: the three of the AuthorGAN paper's fourth figure. Metrics come after these. */
const HEATMAPS = ["generator_loss", "discriminator_loss", "seconds_per_epoch"]
/** A number of every job that has no heatmap of its own here: it says what seconds_per_epoch says. */
const LEFT_OUT = "images_per_second"

const pathOf = (id) => `/v1/sweeps/${encodeURIComponent(id)}`

/**
 * Looks at a sweep until all its jobs have ended, however often the service is away meanwhile.
 *
 * @param {object} options
 * @param {AbortSignal} options.signal  ends the watching, without an error
 * @param {(sweep: object) => void} options.onLook  told what was seen, each time
 * @param {() => void} options.onAway  told each time that the service does not answer
 * @yields {object} the Sweep, whenever it changed; the last one has ended, unless `signal` came first
 * @throws {ServiceError} when the sweep is gone
 */
async function* watchSweep(client, id, { signal, onLook, onAway }) {
    let before = null
    const look = () =>
        client.json(pathOf(id), { signal }).catch((error) => {
            if (!signal.aborted && !(error instanceof ServiceError && error.status < 500)) onAway(error)
            throw error
        })
    while (!signal.aborted) {
        const sweep = await insist(look, signal)
        onLook(sweep)
        const now = JSON.stringify(sweep)
        if (now !== before) yield sweep
        if (hasEnded(sweep)) return
        before = now
        await pause(LOOK_MS, signal)
    }
}

const hasEnded = ({ progress }) => progress.ended === progress.jobs

/** @yields {{ name: string, picture: Buffer }} the heatmaps of a sweep, as PNG */
async function* heatmaps(client, { id, values }, { signal }) {
    const metrics = values.map(({ name }) => name).filter((name) => ![...HEATMAPS, LEFT_OUT].includes(name))
    for (const name of [...HEATMAPS, ...metrics]) {
        const path = `${pathOf(id)}/heatmap.png?value=${encodeURIComponent(name)}`
        yield { name, picture: await insist(() => client.bytes(path, { signal }), signal) }
    }
}

/** "5/16 · 3m": jobs that have ended, of all, and the time left. */
function sweepText({ progress: { ended, jobs, eta_seconds: eta } }) {
    return [`${ended}/${jobs}`, ...(typeof eta === "number" ? [duration(eta)] : [])].join(" · ")
}

module.exports = { watchSweep, heatmaps, sweepText }
