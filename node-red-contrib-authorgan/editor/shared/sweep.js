/** The dialog of a sweep node: a row for each value of the spec that varies. */
import grid from "../../lib/grid.js"

const list = () => $("#authorgan-sweep-rows")
const HEIGHT = 150

export function prepare(node) {
    list().editableList({
        addButton: node._("rows.add"),
        height: HEIGHT,
        removable: true,
        sortable: true,
        addItem: (place, _index, { pointer = "", values = "" }) => {
            const field = (kind, value) =>
                $('<input type="text">')
                    .addClass(`authorgan-sweep-${kind}`)
                    .attr({ placeholder: node._(`placeholder.${kind}`), "aria-label": node._(`rows.${kind}`) })
                    .val(value)
                    .appendTo(row)
            const row = $('<div class="authorgan-sweep-row">').appendTo(place)
            const fields = [field("pointer", pointer), field("values", values)]
            const reason = $('<div class="authorgan-reason" role="alert">').appendTo(place)
            const judge = () => {
                // A row that was just added is not wrong before something is typed.
                const typed = rowIn(place)
                const { wrong } = grid.axesOf({ rows: typed.pointer || typed.values ? [typed] : [] })
                reason.text(wrong.map(({ code, values }) => node._(`wrong.${code}`, values)).join(" "))
                for (const each of fields) each.toggleClass("input-error", wrong.length > 0)
            }
            for (const each of fields) each.on("change", judge)
            judge()
        }
    })
    for (const row of node.rows) list().editableList("addItem", row)
}

/** The rows as they stand; those in which nothing was typed are left out. */
export const read = () =>
    list()
        .editableList("items")
        .toArray()
        .map(rowIn)
        .filter(({ pointer, values }) => pointer || values)

function rowIn(place) {
    const typed = (kind) => $(place).find(`.authorgan-sweep-${kind}`).val().trim()
    return { pointer: typed("pointer"), values: typed("values") }
}
