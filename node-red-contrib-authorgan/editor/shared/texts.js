/** Texts of this plugin, from its locale. */
const NAMESPACE = "@authorgan/node-red-contrib-authorgan/authorgan-editor"

export const text = (key, values) => RED._(`${NAMESPACE}:${key}`, values)

/** [16, 16, 1] -> "16×16×1"; a single number for each example, such as a label, has no axes. */
export const shapeText = (shape) => (shape.length > 0 ? shape.join("×") : "1")

/** 1234567 -> "1.2 M": counts as a reader takes them in at a glance. */
export function count(number) {
    for (const [unit, size] of [
        ["G", 1e9],
        ["M", 1e6],
        ["k", 1e3]
    ]) {
        if (number >= size) return `${(number / size).toFixed(number < 10 * size ? 1 : 0)} ${unit}`
    }
    return `${number}`
}

/** A sentence broken into lines, because tooltips in the drawing do not break by themselves. */
export function wrap(sentence, width = 64) {
    const lines = [""]
    for (const word of String(sentence).split(/\s+/)) {
        if (lines.at(-1) && lines.at(-1).length + word.length >= width) lines.push("")
        lines[lines.length - 1] += (lines.at(-1) ? " " : "") + word
    }
    return lines.join("\n     ")
}
