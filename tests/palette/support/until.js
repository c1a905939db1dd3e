/** Long, for a busy machine: only a test that fails waits this long. */
const PATIENCE_MS = 30_000

/** Asks again and again until the answer is true, or time is up. */
async function until(question, what, milliseconds = PATIENCE_MS) {
    const end = Date.now() + milliseconds
    for (;;) {
        const answer = await question()
        if (answer) return answer
        if (Date.now() > end) throw new Error(`Waited ${milliseconds} ms in vain: ${what}`)
        await new Promise((resolve) => setTimeout(resolve, 30))
    }
}

module.exports = { until }
