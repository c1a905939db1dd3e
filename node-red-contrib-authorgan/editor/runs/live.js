/** The events of a training as they come, by way of Node-RED, for as long as somebody looks at it. */
import { follow } from "../../lib/follow.js"

export class Live {
    /**
     * @param {import("./service.js").Runs} runs
     * @param {string} id
     * @param {(type: string, event: object) => void} onevent  given what happens from now on
     */
    constructor(runs, id, onevent) {
        Object.assign(this, { runs, id, onevent })
        this.aborting = null
    }

    /** Follows from now on, unless it does already. */
    async start() {
        if (this.aborting) return
        const aborting = new AbortController()
        this.aborting = aborting
        try {
            const options = { signal: aborting.signal, onlyNew: true }
            for await (const { type, data } of follow(this.runs.client(), this.id, options)) this.onevent(type, data)
        } catch (failure) {
            // What the service refuses, the page is told too, when it next asks for the run itself.
            if (failure.name !== "AbortError") console.warn(failure.message)
        }
    }

    stop() {
        this.aborting?.abort()
        this.aborting = null
    }
}
