/** The field in which a run is chosen: it offers those of a service, the latest first, and takes an id as well. */
import { Runs } from "../runs/service.js"
import { stateLine } from "../runs/state.js"
import { text } from "./texts.js"

/** Runs that are offered at once; whoever looks for another one types some of its name. */
const OFFERED = 20
/** Those that may have saved weights. */
const STARTED = "running,paused,succeeded,failed,stopped"

/**
 * @param {jQuery} field  a text field, which holds the id of a run
 * @param {string} service  id of the service node
 */
export function prepare(field, service) {
    const runs = new Runs(service)
    let chosen = field.val().trim()
    field.on("change", () => {
        chosen = field.val().trim()
    })
    field.autoComplete({
        minLength: 0,
        search: (typed, done) => {
            // Where a run is chosen, another one is looked for.
            const q = typed.trim() === chosen ? "" : typed.trim()
            runs.list({ sort: "-created_at", limit: OFFERED, state: STARTED, ...(q && { q }) }).then(
                ({ jobs }) => done(jobs.map((job) => ({ value: job.id, label: labelOf(job) }))),
                // The service is told of below the field, as soon as a run is chosen.
                () => done([])
            )
        }
    })
    // Node-RED offers while one types; whoever clicks wants to see what there is.
    field.on("click", () => field.trigger("keyup"))
}

/** What a run is called. */
export const nameOf = ({ name }) => name || text("transfer.unnamed")

const labelOf = (job) =>
    $("<div>")
        .text(`${nameOf(job)} `)
        .append($('<span class="authorgan-unit">').text(stateLine(job)))
