/** One run: how far it is, its curves, its samples through the steps, and what was trained. */
import { showActions } from "./actions.js"
import { Card } from "./card.js"
import { Curves } from "./curves.js"
import { element, icon, pageHead } from "./dom.js"
import { Explorer } from "./explorer.js"
import { exportsOf } from "./exports.js"
import { Live } from "./live.js"
import { Measures } from "./measures.js"
import { Pictures } from "./pictures.js"
import { poll } from "./poll.js"
import { Reading } from "./reading.js"
import { Samples } from "./samples.js"
import { isOver, stateLine } from "./state.js"
import { ago, duration, number, text } from "./texts.js"

/** Losses come as they are; what else there is to see is asked for. */
const LIVE_MS = 1_000
/** A run that is over is looked at now and then: it may be renamed or deleted elsewhere. */
const OVER_MS = 10_000
/** After which a service that is away is asked again. */
const AGAIN_MS = 2_000

export class RunPage {
    /**
     * @param {HTMLElement} place
     * @param {import("./service.js").Runs} runs
     * @param {{ id: string, back: () => void }} options
     */
    constructor(place, runs, { id, back }) {
        this.runs = runs
        this.id = id
        this.back = back
        this.job = null
        this.pictures = new Pictures(runs)
        this.card = new Card((changes) => this.change(changes))
        this.line = element("p", { class: "authorgan-runs-line", role: "status" })
        this.bar = element("div", { class: "authorgan-runs-bar" }, element("div"))
        this.actions = element("span", { class: "authorgan-runs-actions" })
        this.facts = element("div", { class: "authorgan-runs-facts" })
        this.curves = new Curves(runs, [{ id, name: "" }])
        this.curves.onstale = () => this.polling.now()
        this.reading = new Reading(runs, id)
        this.measures = new Measures()
        this.samples = new Samples(runs, this.pictures, id)
        this.explorer = new Explorer(runs, id)
        place.append(
            pageHead(text("run.back"), back, this.card.name, this.actions),
            this.line,
            this.bar,
            this.card.words,
            this.reading.place,
            this.curves.place,
            this.samples.place,
            this.explorer.place,
            this.measures.place,
            this.facts
        )
        this.live = new Live(runs, id, (type, event) => this.hear(type, event))
        // At once, beside the run itself: whoever opened it wants to see its curves. What fails here is not lost:
        // `look` finds no curves, asks once more, and says why it cannot be.
        this.first = this.curves.fetch(id).catch(() => undefined)
        this.polling = poll(() => this.look(), LIVE_MS)
    }

    /** Something has happened to the training. */
    hear(type, event) {
        if (type === "loss") this.curves.append(this.id, event)
        else if (["state", "end", "sample"].includes(type)) this.polling.now()
    }

    async look() {
        let job
        try {
            ;[job] = await Promise.all([this.runs.show(this.id), this.first])
            await this.curves.look([job])
            this.measures.show(this.curves.metricsOf(this.id))
            await this.samples.look(job)
            await this.reading.look(job)
        } catch (failure) {
            const gone = failure.status === 404
            this.line.textContent = gone ? text("run.gone") : failure.message
            this.actions.hidden = gone
            if (gone) this.live.stop()
            return gone ? OVER_MS : AGAIN_MS
        }
        this.show(job)
        if (isOver(job.state)) {
            this.live.stop()
            return OVER_MS
        }
        this.live.start()
        return LIVE_MS
    }

    show(job) {
        if (this.job?.state !== job.state) this.facts.replaceChildren(...this.describe(job))
        this.job = job
        this.actions.hidden = false
        this.card.show(job)
        this.explorer.look(job)
        this.line.textContent = stateLine(job)
        this.bar.hidden = isOver(job.state)
        this.bar.firstChild.style.width = `${(100 * job.progress.fraction).toFixed(1)}%`
        showActions(this.actions, this.runs, job, () => this.polling.now())
    }

    async change(changes) {
        try {
            this.show({ ...this.job, ...(await this.runs.change(this.id, changes)) })
        } catch (failure) {
            RED.notify(failure.message, "error")
        }
    }

    /** What was trained, and where: closed until somebody wants to know. */
    describe(job) {
        const { spec, environment } = job
        const rows = [
            [text("fact.generator"), `${spec.generator.choice} · ${number(spec.generator.parameter_count)}`],
            [
                text("fact.discriminator"),
                `${spec.discriminator.choice} · ${number(spec.discriminator.parameter_count)}`
            ],
            [text("fact.loss"), [spec.loss.choice, ...spec.loss.regularizers.map(({ choice }) => choice)].join(" + ")],
            [text("fact.data"), spec.data.choice],
            [text("fact.created"), ago(job.created_at)],
            [
                text("fact.took"),
                job.started_at &&
                    job.ended_at &&
                    duration((Date.parse(job.ended_at) - Date.parse(job.started_at)) / 1000)
            ],
            ...Object.entries(environment || {}).map(([key, value]) => [
                key,
                typeof value === "object" && value
                    ? Object.entries(value)
                          .map((pair) => pair.join(" "))
                          .join(", ")
                    : `${value}`
            ])
        ].filter(([, value]) => value)
        const json = JSON.stringify(spec, null, 2)
        return [
            exportsOf(this.runs, job),
            element(
                "dl",
                {},
                rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])
            ),
            element(
                "details",
                {},
                element("summary", {}, text("run.spec")),
                element(
                    "button",
                    {
                        type: "button",
                        class: "red-ui-button red-ui-button-small",
                        onclick: () => RED.clipboard.copyText(json)
                    },
                    icon("clipboard"),
                    ` ${text("run.copy")}`
                ),
                element("pre", {}, json)
            )
        ]
    }

    close() {
        this.polling.stop()
        this.live.stop()
        this.curves.close()
        this.measures.close()
        this.explorer.close()
        this.pictures.forget()
    }
}
