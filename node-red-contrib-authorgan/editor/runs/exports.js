/** What a run can be taken home as: programs that train it again, its networks, its weights, all of it. */

import { element } from "./dom.js"
import { downloadButton } from "./download.js"
import { text } from "./texts.js"

const FORMS = [
    { text: "script", format: "script", library: "pytorch" },
    { text: "keras_script", format: "script", library: "keras" },
    { text: "notebook", format: "notebook", library: "pytorch" },
    { text: "keras_notebook", format: "notebook", library: "keras" },
    ...["onnx", "keras", "torch_export", "safetensors"].map((format) => ({ text: format, format }))
]

/** Folded, in the page of a run. @param {import("./service.js").Runs} runs */
export const exportsOf = (runs, job) =>
    element(
        "details",
        { class: "authorgan-runs-exports" },
        element("summary", {}, text("exports.title")),
        exportButtons(runs, job)
    )

/** A button for each form. @param {import("./service.js").Runs} runs */
export const exportButtons = (runs, job) =>
    element(
        "div",
        { class: "authorgan-runs-exports" },
        ...FORMS.map(({ text: label, ...form }) =>
            downloadButton(runs, text(`exports.${label}`), async () => {
                const { url, name } = await runs.json("POST", `models/${job.id}/export`, form)
                return { address: url, name: `${job.name || job.id} ${name.split("/").at(-1)}` }
            })
        ),
        downloadButton(runs, text("exports.all"), () => ({
            address: `jobs/${job.id}/export.zip`,
            name: `${job.name || job.id}.zip`
        }))
    )
