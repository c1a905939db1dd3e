/** The card below a preview node, as SVG: a picture, its step, a loss curve, a corner to pull. Knows nothing of Node-RED. */
import { axis, linePath } from "./chart.js"

const PADDING = 8
const LINE = 14
/** Height of the curve as a share of the card's width. */
const CURVE_SHAPE = 0.42
/** Width that one network's name and loss take. */
const LEGEND = 90

const svg = (name, attributes = {}, parent = null) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name)
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
    parent?.append(element)
    return element
}
const set = (element, attributes) => {
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
}

/**
 * @param {SVGElement} parent  the node's group; its origin is the node's upper left corner
 * @param {(event: PointerEvent) => void} onPull  the corner was taken hold of
 * @returns {{ draw: (content: { top, width, image, curve, step, words }) => void, remove: () => void }}
 */
export function card(parent, onPull) {
    const root = svg("g", { class: "authorgan-card" }, parent)
    const paper = svg("rect", { class: "authorgan-card-paper", rx: 5 }, root)
    const picture = svg("image", { class: "authorgan-card-picture", preserveAspectRatio: "xMidYMid meet" }, root)
    const step = svg("text", { class: "authorgan-card-text" }, root)
    const chart = curveIn(root)
    const corner = svg("path", { class: "authorgan-card-corner", d: "M 0 0 l 0 -10 l -10 10 z" }, root)
    corner.addEventListener("pointerdown", onPull)
    corner.addEventListener("mousedown", (event) => event.stopPropagation())

    function draw({ top, width, image, curve, step: at, words }) {
        root.style.display = image || curve ? "" : "none"
        if (!image && !curve) return
        const inner = width - 2 * PADDING
        let y = PADDING
        picture.style.display = image ? "" : "none"
        step.style.display = image && at !== null ? "" : "none"
        if (image) {
            const height = (inner * image.height) / image.width
            set(picture, { href: image.url, x: PADDING, y, width: inner, height })
            // Pixels stay pixels; a picture that is larger than the card is smoothed.
            picture.classList.toggle("authorgan-card-enlarged", image.width < inner)
            y += height + PADDING / 2
            if (at !== null) {
                step.textContent = words.step(at.toLocaleString())
                set(step, { x: width / 2, y: y + LINE - 4, "text-anchor": "middle" })
                y += LINE + PADDING / 2
            }
        }
        chart.root.style.display = curve ? "" : "none"
        if (curve) {
            set(chart.root, { transform: `translate(${PADDING}, ${y})` })
            y += chart.draw(curve, inner, words) + PADDING / 2
        }
        const height = y + PADDING / 2
        set(root, { transform: `translate(0, ${top})` })
        set(paper, { width, height })
        set(corner, { transform: `translate(${width - 2}, ${height - 2})` })
    }

    return { draw, remove: () => root.remove() }
}

function curveIn(parent) {
    const root = svg("g", {}, parent)
    const frame = svg("path", { class: "authorgan-card-axis" }, root)
    const high = svg("text", { class: "authorgan-card-text", "text-anchor": "end" }, root)
    const low = svg("text", { class: "authorgan-card-text", "text-anchor": "end" }, root)
    const networks = ["discriminator", "generator"].map((network) => ({
        network,
        line: svg("path", { class: `authorgan-card-line authorgan-${network}` }, root),
        dot: svg("circle", { class: `authorgan-card-dot authorgan-${network}`, r: 3.5 }, root),
        label: svg("text", { class: "authorgan-card-text" }, root)
    }))

    /** @returns {number} the height it took */
    function draw({ points, last }, width, words) {
        const left = 26
        const height = Math.round(width * CURVE_SHAPE)
        const scale = axis(points.flatMap(([, generator, discriminator]) => [generator, discriminator]))
        const plot = { left, top: 4, width: width - left, height: height - 4 }
        set(frame, { d: `M ${left} 4 V ${height} H ${width}` })
        high.textContent = scale.words(scale.high)
        low.textContent = scale.words(scale.low)
        set(high, { x: left - 4, y: 12 })
        set(low, { x: left - 4, y: height })
        // The generator is drawn last, on top; in the legend it stands first.
        const stacked = width - left < 2 * LEGEND
        for (const { network, line, dot, label } of networks) {
            const column = network === "generator" ? 1 : 2
            const second = network === "discriminator"
            const x = left + (second && !stacked ? (width - left) / 2 : 0)
            const below = height + (second && stacked ? 2 : 1) * LINE
            line.setAttribute("d", linePath(points, column, scale, plot))
            set(dot, { cx: x + 3.5, cy: below - 2 })
            label.textContent = `${words[network]()} ${last[column] === null ? "–" : last[column].toFixed(2)}`
            set(label, { x: x + 11, y: below + 2 })
        }
        return height + (stacked ? 2 : 1) * LINE + 6
    }

    return { root, draw }
}
