/** The run whose weights a generator or discriminator starts from: `weights` of its node, { job, replace, file? }. */
import { text } from "./texts.js"

/** The fields in its dialog. */
export function prepare({ weights }) {
    const job = $("#authorgan-weights-job").val(weights?.job || "")
    $("#authorgan-weights-replace").val((weights?.replace || []).join(", "))
    const show = () => {
        const given = typed(job)
        $("#authorgan-weights-replace-row").toggle(given !== "")
        $("#authorgan-weights-file").text(
            weights?.file && given === weights.job ? text("weights.cameWith", { file: weights.file }) : ""
        )
    }
    job.on("input", show)
    show()
}

/** What stands in the fields, null where new weights are meant. */
export function read({ weights }) {
    const job = typed($("#authorgan-weights-job"))
    if (job === "") return null
    const replace = typed($("#authorgan-weights-replace"))
        .split(/[\s,]+/)
        .filter(Boolean)
    // The file is what that run came with, and no other.
    return { job, replace, ...(weights?.job === job && weights.file && { file: weights.file }) }
}

/** Where a network's first weights come from, for people: the file that they came with, else the run. */
export const sourceOf = ({ weights }) => weights?.file || weights?.job || null

const typed = (field) => field.val().trim()
