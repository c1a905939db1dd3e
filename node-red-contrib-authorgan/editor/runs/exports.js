/** What a run can be taken home as: programs that train it again, its networks, its weights, all of it. */

import { element } from "./dom.js"
import { downloadButton } from "./download.js"
import { text } from "./texts.js"

const FORMATS = ["script", "notebook", "onnx", "keras", "torch_export", "safetensors"]

/** @param {import("./service.js").Runs} runs */
export const exportsOf = (runs, job) =>
    element(
        "details",
        { class: "authorgan-runs-exports" },
        element("summary", {}, text("exports.title")),
        ...FORMATS.map((format) =>
            downloadButton(runs, text(`exports.${format}`), async () => {
                const { url, name } = await runs.json("POST", `models/${job.id}/export`, { format })
                return { address: url, name: `${job.name || job.id} ${name.split("/").at(-1)}` }
            })
        ),
        downloadButton(runs, text("exports.all"), () => ({
            address: `jobs/${job.id}/export.zip`,
            name: `${job.name || job.id}.zip`
        }))
    )
