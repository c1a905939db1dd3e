/** What the service reads out of a run's curves, in words, with the rule behind each finding and what to try. */
import { element } from "./dom.js"
import { text } from "./texts.js"

/** A reading looks at the whole curve, and what it finds changes slowly. */
const EVERY_MS = 5_000

export class Reading {
    constructor(runs, id) {
        this.runs = runs
        this.id = id
        this.place = element("div", { class: "authorgan-runs-reading", hidden: true, role: "status" })
    }

    /** Reads anew whenever the run has come further; a training that has just begun has nothing to read. */
    async look({ progress, state }) {
        const seen = `${progress.step} ${state}`
        if (seen === this.seen || !progress.step) return
        if (state === this.state && Date.now() - this.at < EVERY_MS) return
        Object.assign(this, { state, at: Date.now() })
        const { verdict, title, message, findings } = await this.runs.json("GET", `jobs/${this.id}/reading`)
        this.seen = seen
        this.place.hidden = false
        this.place.dataset.verdict = findings.some(({ severity }) => severity !== "info") ? "warning" : verdict
        const open = new Set([...this.place.querySelectorAll("details[open]")].map(({ dataset }) => dataset.code))
        this.place.replaceChildren(
            element("b", {}, title),
            ...(findings.length === 0 ? [element("p", {}, message)] : []),
            ...findings.map((finding) => describe(finding, open.has(finding.code)))
        )
    }
}

const describe = ({ code, message, rule, try: advice }, open) =>
    element(
        "details",
        { open, data: { code } },
        element("summary", {}, message),
        element("p", {}, element("b", {}, text("reading.rule")), ` ${rule}`),
        advice.length > 0 && element("p", {}, element("b", {}, text("reading.try"))),
        element("ul", {}, ...advice.map((words) => element("li", {}, words)))
    )
