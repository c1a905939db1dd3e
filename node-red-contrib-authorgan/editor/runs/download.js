/** Files of the service, saved by the browser. */
import { element, icon } from "./dom.js"
import { text } from "./texts.js"

/**
 * A button that fetches a file with the editor's authorization and hands it to the browser to keep.
 *
 * @param {() => { address: string, name: string } | Promise<object>} file  what to fetch, when it is pressed
 */
export function downloadButton(runs, kind, file) {
    const button = element(
        "button",
        {
            type: "button",
            class: "red-ui-button red-ui-button-small",
            title: text("download", { kind }),
            onclick: async () => {
                button.disabled = true
                try {
                    const { address, name } = await file()
                    const url = URL.createObjectURL(await runs.blob(address))
                    element("a", { href: url, download: name }).click()
                    URL.revokeObjectURL(url)
                } catch (failure) {
                    RED.notify(failure.message, "error")
                }
                button.disabled = false
            }
        },
        icon("download"),
        ` ${kind}`
    )
    return button
}
