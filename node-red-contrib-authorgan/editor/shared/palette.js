/**
 * Long names in the palette, broken where their words meet: "Batch" over "Normalization". Node-RED breaks a name without
 * spaces wherever its room ends, and a name with spaces would no longer be found by those who type it as it is.
 *
 * Node-RED has no documented way to say so. Everything that relies on how its palette is built is in this file.
 */

/** Room for a line, and the heights of a line, of what is around the lines, and of a port, as Node-RED has them. */
const WIDTH = 82
const LINE = 20
const AROUND = 8
const PORT = 10
const STYLE = "red-ui-palette-label"

export function start() {
    RED.events.on("registry:node-type-added", (type) => {
        if (!type.startsWith("authorgan-")) return
        const node = $(`.red-ui-palette-node[data-palette-type="${type}"]`)
        const lines = linesOf(node.attr("data-palette-label") || "", (text) => RED.view.calculateTextWidth(text, STYLE))
        if (lines.length < 2) return
        const height = AROUND + LINE * lines.length
        node.css({ height })
        node.find(`.${STYLE}`).html(lines.map(RED.utils.sanitize).join("<br>"))
        node.find(".red-ui-palette-port").css({ top: (height - PORT) / 2 })
    })
}

/** The words of a name on as few lines as have room for them. */
export function linesOf(name, widthOf) {
    const lines = [""]
    for (const word of name.split(/(?<=[ -])|(?<=[a-z0-9])(?=[A-Z][a-z])/)) {
        const longer = lines.at(-1) + word
        if (lines.at(-1) && widthOf(longer.trim()) >= WIDTH) lines.push(word)
        else lines[lines.length - 1] = longer
    }
    return lines.map((line) => line.trim())
}
