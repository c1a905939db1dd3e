/** What may be done with a run, as buttons. Deleting can be taken back. */
import { iconButton } from "./dom.js"
import { isOver } from "./state.js"
import { text } from "./texts.js"

const ICONS = {
    pause: "pause",
    resume: "play",
    stop: "stop",
    archive: "archive",
    unarchive: "folder-open-o",
    remove: "trash-o",
    restore: "undo"
}
const WHILE_IT_RUNS = { queued: ["stop"], running: ["pause", "stop"], paused: ["resume", "stop"] }
const UNDO_MS = 10_000

function offered({ state, archived, deleted_at }) {
    if (deleted_at) return ["restore"]
    if (!isOver(state)) return WHILE_IT_RUNS[state]
    // A sweep has no archive.
    return archived === undefined ? ["remove"] : [archived ? "unarchive" : "archive", "remove"]
}

/**
 * Keeps the buttons in `place` those that fit the job, or the sweep.
 *
 * @param {() => void} done  called whenever the service has done what was asked
 */
export function showActions(place, runs, job, done) {
    const names = offered(job)
    if (place.authorganOffered === names.join()) return
    place.authorganOffered = names.join()
    place.replaceChildren(
        ...names.map((name) => iconButton(ICONS[name], text(`action.${name}`), () => perform(runs, job, name, done)))
    )
}

async function perform(runs, job, name, done) {
    try {
        if (name === "remove") {
            await runs.remove(job.id)
            offerUndo(runs, job, done)
        } else if (name === "archive" || name === "unarchive") {
            await runs.change(job.id, { archived: name === "archive" })
        } else {
            await runs.act(job.id, name)
        }
    } catch (failure) {
        RED.notify(failure.message, "error")
    }
    done()
}

function offerUndo(runs, job, done) {
    const notice = RED.notify(text("deleted", { name: job.name || text("unnamed") }), {
        timeout: UNDO_MS,
        buttons: [
            {
                text: text("undo"),
                class: "primary",
                click: () => {
                    notice.close()
                    perform(runs, job, "restore", done)
                }
            }
        ]
    })
}
