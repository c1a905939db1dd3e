/** Layers on the canvas: shapes while one wires, reasons where they do not fit, and the training of what was drawn. */
const assert = require("node:assert/strict")
const fs = require("node:fs")
const path = require("node:path")
const { describe, test } = require("node:test")
const { until } = require("../palette/support/until")
const { openEditor, PATIENCE_MS } = require("./support/start")
const { project } = require("./support/system")

const FLOW = "06 - DCGAN from scratch.json"

let system
let editor

openEditor(async (opened) => {
    ;({ system, editor } = opened)
    const text = fs.readFileSync(path.join(project, "flows", FLOW), "utf8")
    await editor.place(JSON.parse(text))
})

const badge = (id, words) =>
    until(async () => (await editor.badge(id)) === words, `${id} shows ${words}`).catch(async (error) => {
        throw new Error(`${error.message}; it shows "${await editor.badge(id)}"`)
    })

test("long names in the palette break between their words, and are found as they are written", async () => {
    const lines = (type) =>
        editor.page
            .locator(`[data-palette-type="${type}"] .red-ui-palette-label`)
            .evaluate((label) => label.innerHTML.split("<br>"))
    assert.deepEqual(await lines("authorgan-layer-conditional-batch-normalization"), [
        "Conditional",
        "Batch",
        "Normalization"
    ])
    assert.deepEqual(await lines("authorgan-layer-dense"), ["Dense"])
    assert.deepEqual(await lines("authorgan-loss-least-squares"), ["Least", "squares"])
    const search = editor.page.locator("#red-ui-palette-search input")
    await search.pressSequentially("BatchNorm")
    const found = editor.page.locator(".red-ui-palette-node:visible")
    await until(async () => (await found.count()) === 2, "two nodes are found")
    // Node-RED does not open a category again that has not closed yet.
    const modules = editor.page.locator(".red-ui-palette-category", { hasText: "AuthorGAN modules" })
    await modules.waitFor({ state: "hidden" })
    await search.press("Escape")
    await modules.waitFor({ state: "visible" })
})

describe("DCGAN from scratch", () => {
    test("shows the shape and the weights of every layer, and the totals", async () => {
        await badge("scratch-generator-noise", "100")
        await badge("scratch-generator-dense-1", "2048 · 207 k")
        await badge("scratch-generator-upsampling2d-1", "8×8×128")
        await badge("scratch-generator-tanh-1", "16×16×1")
        await badge("scratch-discriminator-conv2d-1", "8×8×32 · 544")
        await badge("scratch-discriminator-dense-1", "1 · 1.0 k")
        assert.match(await editor.badge("scratch-generator"), /^16×16×1 · \d+ k$/)
        assert.match(await editor.badge("scratch-discriminator"), /^\d+ k$/)
        const invalid = (await editor.nodesIn("scratch")).filter(({ valid }) => valid === false)
        assert.deepEqual(invalid, [])
        await editor.screenshot("layers")
    })

    test("a layer's dialog has its fields, keeps what was typed, and the shape follows", async () => {
        await editor.edit("scratch-generator-conv2d-1", async (dialog) => {
            const field = (name) => dialog.locator(`[data-choice="Conv2D"] > [data-field="${name}"]`)
            const size = field("kernel_size").locator("> .authorgan-value > input")
            await size.fill("3, 4, 5")
            assert.match(await field("kernel_size").locator(".authorgan-reason").textContent(), /is no size/)
            await size.fill("3, 5")
            await field("filters").locator("> .authorgan-value > input").fill("48")
            await editor.screenshot("layer-dialog")
        })
        const { parameters } = await editor.properties("scratch-generator-conv2d-1")
        assert.deepEqual([parameters.filters, parameters.kernel_size], [48, [3, 5]])
        await badge("scratch-generator-leakyrelu-2", "8×8×48")
        await editor.undo()
        await badge("scratch-generator-leakyrelu-2", "8×8×64")
    })

    test("two layers of one name are hinted at, both, and stay valid", async () => {
        const both = ["scratch-generator-conv2d-1", "scratch-generator-tanh-1"]
        const named = async (name) => {
            for (const id of both) await editor.change(id, { name })
        }
        const hints = (id) => editor.node(id).locator(".authorgan-hint:not(.hide)").count()
        await named("last")
        for (const id of both) await until(async () => (await hints(id)) === 1, `${id} is hinted at`)
        await editor.node(both[0]).locator(".authorgan-hint").hover()
        const tip = editor.page.locator(".red-ui-flow-port-tooltip")
        await tip.waitFor()
        assert.match(
            (await tip.locator("text").allTextContents()).join(" ").replace(/\s+/g, " "),
            /"last" is the name of 2 layers of one network \(Conv2D, Tanh\).*last, last_2/
        )
        await editor.screenshot("hint")
        for (const id of both) assert.deepEqual(await editor.reasons(id), [])
        await named("")
        for (const id of both) await until(async () => (await hints(id)) === 0, `${id} is as it was`)
    })

    test("a layer that does not fit is marked with the reason, and those before it keep their shapes", async () => {
        await editor.setParameters("scratch-generator-reshape-1", { target_shape: [4, 4, 100] })
        await editor.reasonAt("scratch-generator-reshape-1", /holds 1600 numbers, but its input holds 2048/)
        await badge("scratch-generator-dense-1", "2048 · 207 k")
        await badge("scratch-generator-tanh-1", "")
        await badge("scratch-discriminator-conv2d-2", "4×4×64 · 33 k")
        assert.match(await editor.tooltip("scratch-generator-reshape-1"), /Reshape/)
        await editor.screenshot("layer-marked")
        await editor.setParameters("scratch-generator-reshape-1", { target_shape: [4, 4, 128] })
        await editor.validAt("scratch-generator-reshape-1")
        await badge("scratch-generator-tanh-1", "16×16×1")
    })

    test("a picture of another size than the data's is told with the layer that would mend it", async () => {
        await editor.page.evaluate(() => {
            RED.view.select({ nodes: [RED.nodes.node("scratch-generator-upsampling2d-2")] })
            RED.actions.invoke("core:delete-selection-and-reconnect")
        })
        await editor.reasonAt("scratch-generator-tanh-1", /add an UpSampling2D of size 2/)
        await badge("scratch-generator-tanh-1", "8×8×1")
        await editor.undo()
        await badge("scratch-generator-tanh-1", "16×16×1")
    })

    test("a circle and a branch that leads nowhere are marked", async () => {
        await editor.wire("scratch-generator-leakyrelu-3", "scratch-generator-upsampling2d-2")
        await editor.reasonAt("scratch-generator-conv2d-2", /in a circle/)
        await editor.undo()
        await editor.validAt("scratch-generator-conv2d-2")
        const loose = await editor.drag("authorgan-layer-relu", 900, 250)
        await editor.wire("scratch-generator-leakyrelu-2", loose)
        await editor.reasonAt(loose, /leads nowhere/)
        await editor.undo()
        await editor.undo()
    })

    test("is trained as it was drawn", async () => {
        await editor.setParameters("scratch-training", { epochs: 1 })
        await editor.setParameters("scratch-data", { count: 320 })
        await editor.deploy()
        await editor.pressButton("scratch-start")
        await until(async () => (await editor.status("scratch-train")) === "done", "the training ends", PATIENCE_MS)
        await until(async () => (await editor.card("scratch-preview")).picture > 100, "a picture", PATIENCE_MS)
        const { spec } = await system.newestJob()
        assert.equal(spec.generator.choice, "custom")
        assert.equal(spec.generator.layers.length, 15)
        assert.equal(spec.generator.layers[1].node_id, "scratch-generator-dense-1")
        await editor.screenshot("layers-trained")
    })
})

describe("a wrapper", () => {
    test("takes its inner layer from a list, with that layer's own fields, wrappers inside it included", async () => {
        const layer = (id, type, to, parameters, x) => ({
            ...{ id, type: `authorgan-layer-${type}`, z: "wrapped", name: "", parameters, version: 2, x, y: 100 },
            wires: [to]
        })
        await editor.place([
            { id: "wrapped", type: "tab", label: "wrapped" },
            layer("wrapped-input", "input", ["wrapper"], { source: "noise" }, 120),
            layer("wrapper", "spectral-normalization", [], { layer: { type: "Dense", units: 32 } }, 300)
        ])
        await badge("wrapper", "32 · 3.3 k")
        const field = (dialog, ...names) =>
            dialog.locator(
                `#authorgan-parameters ${names.map((name) => `> section > [data-field="${name}"]`).join(" > .authorgan-module ")}`
            )
        const control = (dialog, ...names) =>
            field(dialog, ...names).locator("> .authorgan-value > :is(input, select):visible")
        await editor.edit("wrapper", async (dialog) => {
            assert.equal(await control(dialog, "layer").inputValue(), "Dense")
            assert.equal(await control(dialog, "layer", "units").inputValue(), "32")
            await control(dialog, "layer", "units").fill("64")
            await editor.screenshot("wrapper-dialog")
        })
        await badge("wrapper", "64 · 6.5 k")
        const inner = async () => (await editor.properties("wrapper")).parameters.layer
        assert.deepEqual(await inner(), { type: "Dense", units: 64 })
        await editor.edit("wrapper", async (dialog) => {
            await dialog.locator("#authorgan-frozen").check()
        })
        await badge("wrapper", "64 · 6.5 k · frozen")
        await editor.edit("wrapper", async (dialog) => {
            assert.ok(await dialog.locator("#authorgan-frozen").isChecked())
            await control(dialog, "layer").selectOption("Conv2D")
            assert.equal(await control(dialog, "layer", "filters").count(), 1)
        })
        assert.equal((await inner()).type, "Conv2D")
        assert.equal((await editor.properties("wrapper")).trainable, false)
        await editor.reasonAt("wrapper", /needs an image/)
        await editor.undo()
        assert.deepEqual(await inner(), { type: "Dense", units: 64 })
    })

    test("around a wrapper shows the fields of both", async () => {
        await editor.page.evaluate(() => {
            const bidirectional = { type: "Bidirectional", layer: { type: "GRU", units: 5 }, merge_mode: "sum" }
            RED.nodes.import([
                {
                    ...{
                        id: "distributed",
                        type: "authorgan-layer-time-distributed",
                        z: "wrapped",
                        name: "",
                        wires: [[]]
                    },
                    ...{ parameters: { layer: bidirectional }, version: 2, x: 300, y: 200 }
                }
            ])
            RED.view.redraw(true)
        })
        await editor.node("distributed").waitFor()
        await editor.edit("distributed", async (dialog) => {
            const section = (name) => dialog.locator(`section[data-choice="${name}"]:visible`)
            await section("GRU").locator('[data-field="units"] > .authorgan-value > input').fill("7")
            assert.match(await section("GRU").textContent(), /Units/)
            await editor.screenshot("nested-dialog")
        })
        assert.deepEqual((await editor.properties("distributed")).parameters, {
            layer: { type: "Bidirectional", layer: { type: "GRU", units: 7 }, merge_mode: "sum" }
        })
    })
})

describe("by hand on an empty canvas", () => {
    test("shapes appear as the wires snap in, long before there is a GAN", async () => {
        await editor.addFlow()
        const generator = await editor.drag("authorgan-generator", 700, 100)
        const input = await editor.drag("authorgan-layer-input", 120, 100)
        const dense = await editor.drag("authorgan-layer-dense", 300, 100)
        const reshape = await editor.drag("authorgan-layer-reshape", 480, 100)
        await editor.setParameters(dense, { units: 256 })
        await editor.setParameters(reshape, { target_shape: [16, 16, 1] })
        await editor.wire(input, dense)
        await badge(input, "100")
        await badge(dense, "256 · 26 k")
        await editor.undo()
        await editor.wire(reshape, generator)
        await editor.wire(dense, reshape)
        await editor.reasonAt(dense, /input/)
        await editor.wire(input, dense)
        await badge(dense, "256 · 26 k")
        await badge(reshape, "16×16×1")
        await badge(generator, "16×16×1 · 26 k")
        await editor.validAt(dense)
        await editor.screenshot("layers-by-hand")
    })
})

describe("a subflow used twice", () => {
    const layer = (id, type, to, more) => ({
        ...{ id, type: `authorgan-layer-${type}`, name: "", parameters: {}, version: 2, wires: [to] },
        ...more
    })
    const FLOW = [
        { id: "blocks", type: "tab", label: "blocks" },
        {
            ...{ id: "block", type: "subflow", name: "Block", info: "", category: "", env: [], color: "#DDAA99" },
            in: [{ x: 60, y: 80, wires: [{ id: "block-dense" }] }],
            out: [{ x: 420, y: 80, wires: [{ id: "block-reshape", port: 0 }] }]
        },
        layer("block-dense", "dense", ["block-reshape"], { z: "block", parameters: { units: 64 }, x: 180, y: 80 }),
        layer("block-reshape", "reshape", [], { z: "block", parameters: { target_shape: [-1, 8] }, x: 320, y: 80 }),
        layer("blocks-noise", "input", ["blocks-one"], {
            z: "blocks",
            parameters: { source: "noise" },
            x: 120,
            y: 100
        }),
        {
            id: "blocks-one",
            type: "subflow:block",
            z: "blocks",
            name: "",
            env: [],
            x: 280,
            y: 100,
            wires: [["blocks-two"]]
        },
        { id: "blocks-two", type: "subflow:block", z: "blocks", name: "Second", env: [], x: 460, y: 100, wires: [[]] }
    ]

    test("shows what its layers put out in each of its instances", async () => {
        await editor.place(FLOW)
        await badge("blocks-noise", "100")
        await editor.show("block")
        await badge("block-reshape", "8×8 | 64×8")
        await editor.screenshot("subflow")
    })

    test("tells what is wrong inside it at the instance where that is so", async () => {
        await editor.setParameters("block-reshape", { target_shape: [64] })
        await badge("block-reshape", "64")
        await editor.validAt("blocks-two")
        await editor.setParameters("block-dense", { units: 32 })
        await editor.reasonAt("blocks-one", /Reshape.*holds 64 numbers, but its input holds 32/)
        await editor.reasonAt("block-reshape", /holds 64 numbers/)
    })
})

describe("a flow from elsewhere", () => {
    test("keeps what this palette does not know, and says so", async () => {
        const layer = (id, type, to, parameters) => {
            const place = { z: "foreign", x: 150, y: 100, wires: [[to]] }
            return { id, type, name: "", parameters, version: 2, ...place }
        }
        const flow = [
            { id: "foreign", type: "tab", label: "foreign" },
            layer("foreign-noise", "authorgan-layer-input", "foreign-new", { source: "noise" }),
            layer("foreign-new", "authorgan-layer-hyperbolic", "foreign-dense", { curvature: -1 }),
            layer("foreign-dense", "authorgan-layer-dense", "foreign-generator", { units: 4, unitz: 3 }),
            { ...layer("foreign-generator", "authorgan-generator", "foreign-gan", {}), choice: "custom" },
            layer("foreign-gan", "authorgan-gan", "", {})
        ]
        await editor.place(flow)
        await editor.reasonAt("foreign-dense", /unitz: This version of AuthorGAN knows no such parameter/)
        await editor.change("foreign-dense", { parameters: { units: 4 } })
        await editor.reasonAt(
            "foreign-dense",
            /of a type that this palette does not know \(authorgan-layer-hyperbolic\)/
        )
        const kept = await editor.page.evaluate(() =>
            RED.nodes.createCompleteNodeSet().find(({ id }) => id === "foreign-new")
        )
        assert.equal(kept.type, "authorgan-layer-hyperbolic")
        assert.deepEqual(kept.parameters, { curvature: -1 })
    })
})

describe("unfolding a family", () => {
    /** What the service would build of the first flow, without the nodes it was drawn by. */
    const layersOf = async (role) => {
        const [question] = await Promise.all([
            editor.page.waitForRequest(/authorgan\/resolve/),
            editor.change("first-gan-gan", { name: `${(await editor.properties("first-gan-gan")).name}.` })
        ])
        const { spec } = await (await question.response()).json()
        return spec[role].layers.map(({ node_id, ...layer }) => layer)
    }

    test("places its layers, wired and named as they were, in one step of the history", async () => {
        await editor.show("first-gan")
        await until(async () => (await editor.badge("first-gan-generator")) !== "", "shapes appear")
        const badge = await editor.badge("first-gan-generator")
        const built = await layersOf("generator")
        const count = async () => (await editor.nodesIn("first-gan")).length
        const before = await count()
        await editor.openDialog("first-gan-generator")
        await editor.page.locator("#authorgan-unfold").click()
        await until(async () => (await count()) === before + 17, "15 layers and a pair of links are placed")
        assert.equal((await editor.properties("first-gan-generator")).choice, "custom")
        await until(async () => (await editor.badge("first-gan-generator")) === badge, "the totals are the same")
        assert.deepEqual(await layersOf("generator"), built)
        await editor.dialogIsGone()
        await editor.screenshot("unfolded")
        await editor.undo()
        assert.equal(await count(), before)
        const { choice, parameters } = await editor.properties("first-gan-generator")
        assert.deepEqual({ choice, parameters }, { choice: "dcgan", parameters: {} })
        await editor.validAt("first-gan-generator")
    })
})

test("nothing of all this was an error of the page", () => {
    assert.deepEqual(editor.errors, [])
})
