/** Flows that are copied: what asks about a training asks the copy's, and undo takes the whole copy back. */
const assert = require("node:assert/strict")
const fs = require("node:fs")
const path = require("node:path")
const { describe, test } = require("node:test")
const { until } = require("../palette/support/until")
const { openEditor, PATIENCE_MS } = require("./support/start")
const { project } = require("./support/system")

const EXAMPLE = path.join(project, "flows/34 - Interpolation movie.json")

/** Long enough to be stopped, on little data. */
const SPEC = {
    ...{ generator: { choice: "gan" }, discriminator: { choice: "gan" } },
    ...{ data: { choice: "digits", count: 320 }, training: { epochs: 100000 } }
}

/** A subflow that trains the spec it is sent, and does with that training what else it is told; twice in a flow. */
const SUBFLOW = [
    { id: "lab", type: "subflow", name: "Lab", in: [{ x: 40, y: 80, wires: [{ id: "lab-which" }] }], out: [] },
    {
        ...{ id: "lab-which", type: "switch", z: "lab", name: "a spec, or an action?", x: 180, y: 80 },
        ...{ property: "payload", propertyType: "msg", checkall: "true", repair: false, outputs: 2 },
        ...{ rules: [{ t: "istype", v: "object", vt: "object" }, { t: "else" }] },
        wires: [["lab-train"], ["lab-control"]]
    },
    {
        id: "lab-train",
        type: "authorgan-train",
        z: "lab",
        x: 380,
        y: 60,
        service: "first-gan-service",
        wires: [[], [], []]
    },
    {
        ...{ id: "lab-control", type: "authorgan-control", z: "lab", x: 380, y: 120, action: "" },
        ...{ train: "lab-train", service: "", wires: [[]] }
    },
    { id: "labs", type: "tab", label: "Two labs" },
    ...["one", "two"].flatMap((name, index) => [
        { id: `lab-${name}`, type: "subflow:lab", z: "labs", name: "", x: 500, y: 100 + 120 * index, wires: [] },
        inject(`lab-${name}-start`, {
            y: 80 + 120 * index,
            payload: JSON.stringify(SPEC),
            type: "json",
            to: `lab-${name}`
        }),
        inject(`lab-${name}-stop`, { y: 120 + 120 * index, payload: "stop", type: "str", to: `lab-${name}` })
    ])
]

function inject(id, { y, payload, type, to }) {
    const press = { repeat: "", crontab: "", once: false, props: [{ p: "payload" }], payload, payloadType: type }
    return { id, type: "inject", z: "labs", name: "", ...press, x: 200, y, wires: [[to]] }
}

let system
let editor
let page

openEditor((opened) => {
    ;({ system, editor } = opened)
    page = editor.page
})

/** The nodes of a flow or subflow that name a train node: their types, and where that train node is. */
const asking = (z) =>
    page.evaluate(
        (z) =>
            RED.nodes
                .filterNodes({ z })
                .filter(({ train }) => train)
                .map(({ type, train, valid }) => ({ type, valid, at: RED.nodes.node(train)?.z })),
        z
    )

/** Lays down what was pasted, which hangs at the pointer. */
async function paste() {
    const { x, y } = await page.locator("#red-ui-workspace-chart").boundingBox()
    await page.mouse.move(x + 300, y + 200)
    await page.keyboard.press("Control+v")
    await page.mouse.move(x + 320, y + 220)
    await page.mouse.down()
    await page.mouse.up()
}

/** Imports as a person does who pastes a flow into the import dialog, and is told if it is there already. */
const importCopy = (flow) =>
    editor.added(async () => {
        await page.evaluate(() => RED.actions.invoke("core:show-import-dialog"))
        const text = page.locator("#red-ui-clipboard-dialog-import-text")
        await text.fill(JSON.stringify(flow))
        await text.press("End") // Node-RED looks at what stands there when a key is let go.
        await page.locator("#red-ui-clipboard-dialog-ok").click()
    })

describe("a flow that is copied and pasted", () => {
    let copy
    const pasted = (type) => page.evaluate(([z, type]) => RED.nodes.filterNodes({ z, type })[0]?.id, [copy, type])
    const named = (name) =>
        page.evaluate(([z, name]) => RED.nodes.filterNodes({ z }).find((node) => node.name === name).id, [copy, name])

    test("names the train node of the copy, and the original its own", async () => {
        await editor.show("first-gan")
        await page.locator("#red-ui-workspace-chart").click({ position: { x: 30, y: 500 } })
        await page.keyboard.press("Control+a")
        await page.keyboard.press("Control+c")
        copy = await editor.addFlow()
        await paste()
        assert.deepEqual(await asking(copy), [{ type: "authorgan-control", valid: true, at: copy }])
        assert.deepEqual(await asking("first-gan"), [{ type: "authorgan-control", valid: true, at: "first-gan" }])
        await editor.screenshot("copied-flow")
    })

    test("is taken back by one undo, and comes again the same by redo", async () => {
        await page.keyboard.press("Control+z")
        assert.equal(await pasted("authorgan-train"), undefined)
        assert.deepEqual(await asking("first-gan"), [{ type: "authorgan-control", valid: true, at: "first-gan" }])
        await page.keyboard.press("Control+y")
        assert.deepEqual(await asking(copy), [{ type: "authorgan-control", valid: true, at: copy }])
    })

    test("stops its own training, which the original has nothing to do with", async () => {
        await editor.deploy()
        await editor.show(copy)
        const train = await pasted("authorgan-train")
        await editor.pressButton(await named("Start training"))
        await until(async () => /^\d/.test(await editor.status(train)), "the copy trains", PATIENCE_MS)
        await editor.pressButton(await named("Stop"))
        await until(async () => (await editor.status(train)) === "stopped", "the copy stops", PATIENCE_MS)
        assert.equal(await editor.status("first-gan-train"), "")
    })

    test("is told apart from the original in dialogs, by the names of the flows", async () => {
        const control = await pasted("authorgan-control")
        await editor.edit(control, async (dialog) => {
            const offered = await dialog.locator("#authorgan-train option").allTextContents()
            assert.deepEqual(offered, ["the one named by msg.job", "train", "train (A first GAN)"])
            await editor.screenshot("copied-flow-dialog")
            await dialog.locator("#authorgan-train").selectOption("first-gan-train")
        })
        assert.deepEqual(await asking(copy), [{ type: "authorgan-control", valid: true, at: "first-gan" }])
        await editor.undo()
        assert.deepEqual(await asking(copy), [{ type: "authorgan-control", valid: true, at: copy }])
    })
})

test("a node that is copied without its train node asks the same one", async () => {
    await editor.show("first-gan")
    await editor.node("first-gan-control").click()
    await page.keyboard.press("Control+c")
    const flow = await editor.addFlow()
    await paste()
    assert.deepEqual(await asking(flow), [{ type: "authorgan-control", valid: true, at: "first-gan" }])
})

test("a node whose train node is deleted says so, until undo brings it back", async () => {
    await editor.show("first-gan")
    await editor.node("first-gan-train").click()
    await page.keyboard.press("Delete")
    await editor.reasonAt("first-gan-control", /first-gan-train, is there no more/)
    await editor.edit("first-gan-control", async (dialog) => {
        assert.match(await dialog.locator("#authorgan-train option:checked").textContent(), /is there no more/)
    })
    assert.equal((await editor.properties("first-gan-control")).train, "first-gan-train")
    await editor.undo()
    await editor.validAt("first-gan-control")
})

test("an example that is imported twice more asks three trainings", async () => {
    const flow = JSON.parse(fs.readFileSync(EXAMPLE, "utf8"))
    const original = await importCopy(flow)
    const copies = [original, await importCopy(flow), await importCopy(flow)]
    assert.equal(original, flow.find(({ type }) => type === "tab").id)
    const count = flow.filter(({ train }) => train).length
    for (const copy of copies) {
        const found = await asking(copy)
        assert.equal(found.length, count)
        for (const { type, valid, at } of found) assert.deepEqual([type, valid, at], [type, true, copy])
    }
})

describe("a subflow with a training in it", () => {
    test("asks, when it is imported as a copy, the train node of that copy", async () => {
        await editor.place(SUBFLOW)
        const copy = await importCopy(SUBFLOW)
        const [subflow] = await page.evaluate(
            (z) => RED.nodes.filterNodes({ z }).flatMap(({ type }) => /^subflow:(.+)$/.exec(type)?.[1] ?? []),
            copy
        )
        assert.notEqual(subflow, "lab")
        assert.deepEqual(await asking(subflow), [{ type: "authorgan-control", valid: true, at: subflow }])
        assert.deepEqual(await asking("lab"), [{ type: "authorgan-control", valid: true, at: "lab" }])
    })

    test("asks in each of its instances the training of that instance", async () => {
        await editor.deploy()
        await editor.show("labs")
        const states = async () => (await system.jobs()).map(({ state }) => state)
        const before = (await states()).length
        const isStarted = (count) => until(async () => (await states()).length === before + count, "it is asked for")
        await editor.pressButton("lab-one-start")
        await isStarted(1)
        await editor.pressButton("lab-two-start")
        await isStarted(2)
        await until(async () => (await states())[1] === "running", "the first trains", PATIENCE_MS)
        await editor.pressButton("lab-two-stop")
        await until(async () => (await states())[0] === "stopped", "the second stops", PATIENCE_MS)
        assert.equal((await states())[1], "running")
        await editor.pressButton("lab-one-stop")
        await until(async () => (await states())[1] === "stopped", "the first stops", PATIENCE_MS)
    })

    test("is offered to nodes inside alone, and others that name it say why they cannot ask it", async () => {
        const control = await editor.drag("authorgan-control", 400, 400)
        await editor.edit(control, async (dialog) => {
            const offered = dialog.locator("#authorgan-train option")
            const values = await offered.evaluateAll((all) => all.map(({ value }) => value))
            assert.ok(values.includes("first-gan-train"))
            assert.ok(!values.includes("lab-train"))
        })
        await editor.change(control, { train: "lab-train" })
        await editor.reasonAt(control, /inside the subflow "Lab", where it runs once in each instance/)
    })
})

test("nothing of all this was an error of the page", () => {
    assert.deepEqual(editor.errors, [])
})
