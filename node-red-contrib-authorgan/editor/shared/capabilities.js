/** The table in the gan's dialog of what each driver of the service can do, as the service tells it. */
import catalogue from "../../lib/catalogue.json"
import { askDrivers } from "./asking.js"
import { text } from "./texts.js"

/** Rows of the table: kinds of the catalogue, and what else differs between drivers. */
const KINDS = ["processes", "layers", "losses", "regularizers", "optimizers", "schedules", "initializers"]
const ROWS = ["backends", ...KINDS, "precisions"]

/** Filled when it is opened: whoever never looks never asks. */
export function prepare() {
    const place = $("#authorgan-capabilities")
    place.one("toggle", async () => {
        try {
            place.append(table(await askDrivers()))
        } catch ({ message }) {
            place.append($('<div class="authorgan-reason" role="alert">').text(message))
        }
    })
}

function table(drivers) {
    const names = Object.keys(drivers).sort()
    const cells = (kind, words) => $("<tr>").append(words.map((word) => $(`<${kind}>`).text(word)))
    const head = cells("th", ["", ...names.map((name) => text(`capabilities.${name}`))])
    const rows = ROWS.map((row) =>
        cells("td", [text(`capabilities.${row}`), ...names.map((name) => said(row, drivers[name][row] || []))])
    )
    return $('<table class="authorgan-table">').append($("<thead>").append(head), $("<tbody>").append(rows))
}

/** "all 71" where nothing of the catalogue is missing, else what is. */
function said(row, there) {
    if (!KINDS.includes(row)) return there.join(", ") || "–"
    const all = Object.keys(catalogue[row])
    const missing = all.filter((name) => !there.includes(name))
    if (missing.length === 0) return text("capabilities.all", { count: all.length })
    return text("capabilities.allBut", { names: missing.join(", ") })
}
