/** Looks again and again, one at a time, while somebody can see it. */

/**
 * @param {() => Promise<number|undefined>} look  what to do; may return the milliseconds until the next time
 * @param {number} milliseconds
 * @returns {{ now: () => void, stop: () => void }}
 */
export function poll(look, milliseconds) {
    let clock = null
    let busy = false
    let stopped = false

    const again = (wait) => {
        clearTimeout(clock)
        if (!stopped) clock = setTimeout(run, wait)
    }
    const run = async () => {
        if (busy || stopped) return
        if (document.hidden) return again(milliseconds)
        busy = true
        let wait = milliseconds
        try {
            wait = (await look()) ?? milliseconds
        } finally {
            busy = false
            again(wait)
        }
    }
    run()
    return {
        now: () => again(0),
        stop: () => {
            stopped = true
            clearTimeout(clock)
        }
    }
}
