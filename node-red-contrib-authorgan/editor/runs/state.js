/** What a run's state means to a reader: its words, and whether it goes on. */
import { ago, duration, number, text } from "./texts.js"

export const STATES = ["queued", "running", "paused", "succeeded", "failed", "stopped"]
const ONGOING = ["queued", "running", "paused"]

export const isOver = (state) => !ONGOING.includes(state)

/** "running · 42 % · 1 min left · 850 images/s", "running · compiling · 0 %" */
export function stateLine({ state, progress, ended_at, problem }) {
    const parts = [text(`state.${state}`)]
    if (state === "running" || state === "paused") {
        if (progress.compiling) parts.push(text("compiling"))
        parts.push(`${Math.floor(100 * progress.fraction)} %`)
        if (progress.eta_seconds !== null) parts.push(text("left", { duration: duration(progress.eta_seconds) }))
        if (state === "running" && progress.images_per_second) {
            parts.push(text("rate", { rate: number(Math.round(progress.images_per_second)) }))
        }
    }
    if (isOver(state)) {
        if (state === "failed" && problem) parts.push(problem.message)
        else if (state === "stopped") parts.push(text("atStep", { step: number(progress.step) }))
        parts.push(ago(ended_at))
    }
    return parts.filter(Boolean).join(" · ")
}
