/** What the dialogs of train and preview nodes offer of their run: to take it home, and to look at it in the sidebar. */
import { exportButtons } from "../runs/exports.js"
import { Runs } from "../runs/service.js"
import * as dialog from "./dialog.js"
import { text } from "./texts.js"

const WIDTH = 560

/** The row in a dialog; its buttons wait until there is a run. */
export async function prepare(node) {
    const buttons = $("#authorgan-take-home, #authorgan-open-run").prop("disabled", true)
    const told = $("#authorgan-run-told")
    let run
    try {
        run = await $.getJSON(`authorgan/run/${encodeURIComponent(node.id)}`)
    } catch ({ statusText }) {
        told.text(statusText)
        return
    }
    if (!run.job || !run.service) {
        told.text(text("run.none"))
        return
    }
    buttons.prop("disabled", false)
    $("#authorgan-take-home").on("click", () => takeHome(run))
    $("#authorgan-open-run").on("click", () => {
        $("#node-dialog-ok").trigger("click")
        RED.actions.invoke("authorgan:show-runs", run)
    })
}

async function takeHome({ service, job }) {
    const runs = new Runs(service)
    try {
        const found = await runs.show(job)
        const content = $('<div class="authorgan-dialog">').append(
            $("<p>").text(text("run.takeHome", { name: found.name || job })),
            exportButtons(runs, found)
        )
        dialog.open({ title: text("run.title"), content, width: WIDTH })
    } catch ({ status, message }) {
        RED.notify($("<p>").text(status === 404 ? text("run.gone", { job }) : message), {
            type: "error",
            timeout: 10_000
        })
    }
}
