/**
 * The editor while one draws, in Chromium with the real service beside it:
 *
 * - from a wire that snaps in to the shape above the last layer, on a drawing of 60 layers, beside the bare question to
 *   the service (the difference is the pause for further changes, the compiling and the drawing);
 * - frames while 300 nodes are scrolled and dragged: layers with their badges beside as many of Node-RED's own nodes.
 *
 *   node benchmarks/editor.mjs
 *
 * Both sides of a pair are measured in turn, in one browser, and the ratio is that of their medians.
 */
import { createRequire } from "node:module"
import path from "node:path"
import { fileURLToPath } from "node:url"

const require = createRequire(path.join(path.dirname(fileURLToPath(import.meta.url)), "../tests/e2e/editor.test.js"))
const { Editor, launch } = require("./support/browser")
const { System } = require("./support/system")

const LAYERS = 60
const NODES = 300
const ROUNDS = 15
const FRAMES = 30
const TURNS = 3

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const table = (rows) =>
    console.log(rows.map((row) => row.map((cell, i) => `${cell}`.padEnd([46, 14, 14, 8][i])).join("")).join("\n"))
const ms = (value) => `${value.toFixed(1)} ms`

const system = await System.start()
const browser = await launch(["--disable-frame-rate-limit", "--disable-gpu-vsync"])
try {
    const editor = await Editor.open(browser, system.editor)
    await snap(editor)
    await frames(editor)
} finally {
    await browser.close()
    await system.stop()
}

/** A generator of many layers: noise, Dense, Reshape, then convolutions, each with its normalization and activation. */
function longGenerator() {
    const block = ["conv2d", "batch-normalization", "leaky-relu"]
    const middle = Array.from({ length: LAYERS - 5 }, (_, at) => block[at % block.length])
    const parameters = {
        input: { source: "noise" },
        dense: { units: 512 },
        reshape: { target_shape: [8, 8, 8] },
        conv2d: { filters: 8, kernel_size: 3, padding: "same" }
    }
    const types = ["input", "dense", "reshape", ...middle, "up-sampling2d", "conv2d"]
    const node = (id, type, more) => ({ id, type: `authorgan-${type}`, z: "long", parameters: {}, version: 1, ...more })
    const place = (at) => ({ x: 120 + (at % 8) * 170, y: 60 + Math.floor(at / 8) * 80 })
    const chain = types.map((type, at) =>
        node(`long-${at}`, `layer-${type}`, {
            name: "",
            ...place(at),
            parameters:
                at === types.length - 1 ? { filters: 1, kernel_size: 3, padding: "same" } : parameters[type] || {},
            wires: [[at === types.length - 1 ? "long-generator" : `long-${at + 1}`]]
        })
    )
    return [
        { id: "long", type: "tab", label: "long" },
        { id: "long-service", type: "authorgan-service", name: "", url: "" },
        ...chain,
        node("long-data", "data", { choice: "digits", ...place(64), wires: [["long-gan"]] }),
        node("long-generator", "generator", { choice: "custom", ...place(65), wires: [["long-gan"]] }),
        node("long-discriminator", "discriminator", { choice: "dcgan", ...place(66), wires: [["long-gan"]] }),
        node("long-gan", "gan", { ...place(67), wires: [[]] })
    ]
}

async function snap(editor) {
    const { page } = editor
    await editor.place(longGenerator())
    const measured = await page.evaluate(
        async ([rounds, last]) => {
            const badge = () =>
                document.querySelector(
                    `[id="${last}"] .authorgan-badge:not(.hide) text, [id="${last}"] .authorgan-badge:not(.hide)`
                )
            const until = async (holds) => {
                while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2))
            }
            const shown = () => Boolean(badge()?.textContent)
            await until(shown)
            let question = null
            $(document).on("ajaxSend", (_event, _request, { url, data }) => {
                if (url.includes("authorgan/resolve")) question = data
            })
            const times = { snapped: [], asked: [] }
            for (let round = 0; round < rounds; round += 1) {
                const [link] = RED.nodes.getNodeLinks("long-30")
                RED.nodes.removeLink(link)
                RED.view.redraw()
                await until(() => !shown())
                await new Promise((resolve) => setTimeout(resolve, 300))
                const snapped = performance.now()
                RED.nodes.addLink(link)
                RED.view.redraw()
                await until(shown)
                times.snapped.push(performance.now() - snapped)
                await new Promise((resolve) => setTimeout(resolve, 300))
                const asked = performance.now()
                await $.ajax({
                    url: "authorgan/resolve",
                    method: "POST",
                    contentType: "application/json",
                    data: question
                })
                times.asked.push(performance.now() - asked)
            }
            return times
        },
        [ROUNDS, `long-${LAYERS - 1}`]
    )
    const [snapped, asked] = [median(measured.snapped), median(measured.asked)]
    console.log(`From wire to shape, ${LAYERS} layers, median of ${ROUNDS}`)
    table([
        ["", "wire to shape", "bare question", "ratio"],
        ["a wire in the middle snaps in", ms(snapped), ms(asked), (snapped / asked).toFixed(2)],
        ["slowest of them", ms(Math.max(...measured.snapped)), ms(Math.max(...measured.asked)), ""]
    ])
}

/** As many nodes in a chain of rows, all of one type. */
function many(id, type, more) {
    const nodes = Array.from({ length: NODES }, (_, at) => ({
        ...{ id: `${id}-${at}`, type, z: id, name: "", ...more(at) },
        ...{ x: 120 + (at % 20) * 170, y: 60 + Math.floor(at / 20) * 80 },
        wires: [at === NODES - 1 ? [] : [`${id}-${at + 1}`]]
    }))
    return [{ id, type: "tab", label: id }, ...nodes]
}

async function frames(editor) {
    const { page } = editor
    const layer = (at) => ({ parameters: at === 0 ? { source: "noise" } : {}, version: 1 })
    const layers = many("layers", "authorgan-layer-leaky-relu", layer)
    layers[1].type = "authorgan-layer-input"
    layers.push({
        id: "layers-end",
        type: "authorgan-generator",
        z: "layers",
        x: 120,
        y: 1400,
        choice: "custom",
        parameters: {},
        version: 1,
        wires: [[]]
    })
    layers[NODES].wires = [["layers-end"]]
    await editor.place(layers)
    await editor.place(
        many("core", "change", () => ({ rules: [{ t: "set", p: "payload", pt: "msg", to: "", tot: "str" }] }))
    )
    const badges = () => page.evaluate(() => document.querySelectorAll(".authorgan-badge:not(.hide)").length)
    const work = async (tab, what) => {
        await editor.show(tab)
        await page.waitForTimeout(1500)
        return page.evaluate(
            async ([tab, frames, what]) => {
                const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
                const chart = document.getElementById("red-ui-workspace-chart")
                const surface = chart.querySelector("svg > g > g") || chart
                const event = (type, x, y, target = surface) =>
                    target.dispatchEvent(
                        new MouseEvent(type, {
                            bubbles: true,
                            cancelable: true,
                            view: window,
                            clientX: x,
                            clientY: y,
                            button: 0,
                            buttons: 1
                        })
                    )
                if (what === "drag all") RED.view.select({ nodes: RED.nodes.filterNodes({ z: tab }) })
                const handle = document.querySelector(`[id="${tab}-21"] .red-ui-flow-node`)
                const at = handle.getBoundingClientRect()
                const [x, y] = [at.x + at.width / 2, at.y + at.height / 2]
                if (what !== "scroll") event("mousedown", x, y, handle)
                const began = performance.now()
                for (let step = 1; step <= frames; step += 1) {
                    if (what === "scroll") chart.scrollTo(step * 12, step * 6)
                    else event("mousemove", x + step * 3, y + step * 2)
                    await frame()
                }
                await frame()
                const took = (performance.now() - began) / frames
                if (what !== "scroll") event("mouseup", x + frames * 3, y + frames * 2)
                chart.scrollTo(0, 0)
                RED.view.select({ nodes: [] })
                return took
            },
            [tab, FRAMES, what]
        )
    }
    await editor.show("layers")
    await page.waitForTimeout(3000)
    console.log(`\n${NODES} nodes, ${await badges()} badges; time of a frame, median of ${TURNS} rounds of ${FRAMES}`)
    const rows = [["", "layers", "core nodes", "ratio"]]
    for (const what of ["scroll", "drag one", "drag all"]) {
        const times = { layers: [], core: [] }
        for (let round = 0; round < TURNS; round += 1)
            for (const tab of ["layers", "core"]) times[tab].push(await work(tab, what))
        const [own, core] = [median(times.layers), median(times.core)]
        rows.push([what, ms(own), ms(core), (own / core).toFixed(2)])
    }
    table(rows)
}
