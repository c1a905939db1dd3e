/** What a train node shows below itself: where the training is, how fast it goes, how long it still takes. Pure. */

const STATES = {
    queued: { fill: "blue", shape: "ring", key: "status.queued" },
    running: { fill: "green", shape: "dot", key: "status.running" },
    paused: { fill: "yellow", shape: "ring", key: "status.paused" },
    succeeded: { fill: "green", shape: "ring", key: "status.succeeded" },
    stopped: { fill: "grey", shape: "ring", key: "status.stopped" },
    failed: { fill: "red", shape: "ring", key: "status.failed" }
}
const COMPILING = { fill: "green", shape: "dot", key: "status.compiling" }
const AWAY = { fill: "yellow", shape: "ring", key: "status.away" }

/**
 * @param {{ state: string, progress: object|null, away: boolean }} seen
 * @returns {{ fill, shape, key: string } | { fill, shape, text: string }} `key` is a locale key, `text` is literal
 */
function statusOf({ state, progress, away }) {
    if (away) return AWAY
    const shown = STATES[state]
    if (state !== "running" || !progress) return shown
    if (progress.compiling) return COMPILING
    return { fill: shown.fill, shape: shown.shape, text: progressText(progress) }
}

/** "1200/5.6k · 38/s · 2m": step of total, steps a second, time left. */
function progressText({ step, total, steps_per_second: rate, eta_seconds: eta }) {
    const parts = [`${short(step)}/${short(total)}`]
    if (rate > 0) parts.push(`${rate < 10 ? rate.toFixed(1) : short(Math.round(rate))}/s`)
    if (eta >= 0 && eta !== null) parts.push(duration(eta))
    return parts.join(" · ")
}

const short = (count) =>
    count < 10_000 ? `${count}` : count < 1e6 ? `${(count / 1e3).toFixed(1)}k` : `${(count / 1e6).toFixed(1)}M`

/** The two largest units would be too long here; the largest alone is enough to know whether to wait. */
function duration(seconds) {
    if (seconds < 90) return `${Math.round(seconds)}s`
    if (seconds < 90 * 60) return `${Math.round(seconds / 60)}m`
    return `${(seconds / 3600).toFixed(1)}h`
}

/** How a state looks: { fill, shape }. */
const appearanceOf = (state) => ({ fill: STATES[state].fill, shape: STATES[state].shape })

module.exports = { statusOf, appearanceOf, progressText, duration }
