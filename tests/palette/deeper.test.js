/** The nodes that look into what a generator has learned, in a real Node-RED. */
const assert = require("node:assert/strict")
const { after, before, describe, test } = require("node:test")
const { FakeService, PNG } = require("./support/fake-service")
const { until } = require("./support/until")
const { firstFlow, node } = require("./support/flows")
const { load } = require("./support/palette")
const { NodeRed } = require("./support/node-red")

const { termsOf } = load("./lib/terms")
const { wishesOf } = load("./lib/wishes")

let service
let nodeRed

const asking = (type, more) => node(type, `authorgan-${type}`, [[`${type}-out`]], { train: "train", ...more })
const flow = (url) => [
    ...firstFlow(url),
    asking("interpolate", {
        as: "picture",
        seeds: "1, 2",
        steps: "8",
        method: "spherical",
        layout: "auto",
        loop: true,
        below: true
    }),
    asking("arithmetic", { terms: "8 - 3 + seed 4", count: "", seed: "", as: "picture" }),
    asking("explore", {
        show: "strip",
        method: "sefa",
        layer: "",
        seed: "5",
        direction: "1",
        range: "2.5",
        steps: "7"
    }),
    asking("layers", {
        network: "generator",
        layer: "conv2d_1",
        seed: "0",
        most: "16",
        normalization: "map",
        as: "picture"
    }),
    { ...asking("dissect", { layer: "conv2d_1", label: "7", top: "2" }), wires: [["dissect-out"], ["pictures"]] },
    ...["interpolate", "arithmetic", "explore", "layers", "dissect"].map((name) =>
        node(`${name}-out`, "sink", [], { name })
    ),
    node("pictures", "sink", [], { name: "pictures" }),
    node("words", "status", [["said"]], { scope: ["interpolate", "arithmetic"] }),
    node("said", "sink", [], { name: "said" })
]

before(async () => {
    service = await new FakeService().start()
    nodeRed = await NodeRed.start(flow(service.url))
    await nodeRed.send("train")
    await until(() => service.jobs.size === 1, "a job is submitted")
})

after(async () => {
    await nodeRed.stop()
    await service.stop()
})

/** Sends a message to a node and returns its answer. */
async function answer(id, message) {
    const before = (await nodeRed.received(id)).length
    await nodeRed.send(id, message)
    await until(async () => (await nodeRed.received(id)).length > before, `${id} answers`)
    return (await nodeRed.received(id)).at(-1)
}
const asked = (what) => service.requestsTo("POST", new RegExp(`/v1/models/job1/${what}$`)).at(-1)
/** What a node said below itself, in order. */
const said = async (id) =>
    (await nodeRed.received("said")).filter(({ status }) => status.source.id === id).map(({ status }) => status.text)
const lastError = (pattern) =>
    until(
        async () => pattern.test((await nodeRed.received("errors")).at(-1)?.error.message),
        `an error like ${pattern}`
    )

describe("a sum of classes", () => {
    test("is read as it is written", () => {
        assert.deepEqual(termsOf("8 - 3 + seed 4"), [
            { label: 8, sign: 1 },
            { label: 3, sign: -1 },
            { seed: 4, sign: 1 }
        ])
        assert.deepEqual(termsOf("−1+ 2"), [
            { label: 1, sign: -1 },
            { label: 2, sign: 1 }
        ])
        assert.deepEqual(termsOf(""), [])
    })

    test("or is none", () => {
        for (const text of ["8 -", "a", "3 5", "seed", "1.5", "- - 2", "8 - 3 of"])
            assert.equal(termsOf(text), null, text)
    })
})

test("amounts and flags of a dialog", () => {
    const kinds = { amounts: "amounts", loop: "flag" }
    assert.deepEqual(wishesOf({}, { amounts: " 0: 1.5, 3 :-2 ", loop: true }, kinds), {
        amounts: { 0: 1.5, 3: -2 },
        loop: true
    })
    assert.deepEqual(wishesOf({}, { amounts: "", loop: false }, kinds), {})
    assert.deepEqual(wishesOf({ loop: false }, { loop: true }, kinds), { loop: false })
})

describe("interpolate", () => {
    test("asks as the dialog says, for a picture", async () => {
        const { payload, filename, job, step, interpolation } = await answer("interpolate", {})
        assert.deepEqual([payload, filename, job, step], ["a buffer", "job1-interpolation.png", "job1", 40])
        const { headers, body } = asked("interpolate")
        assert.equal(headers.accept, "image/png")
        assert.deepEqual(body, { seeds: [1, 2], method: "spherical", layout: "auto", steps: 8, loop: true })
        assert.deepEqual(interpolation, body)
    })

    test("lets the message say otherwise: noise of its own, no way back, a movie", async () => {
        const noise = [[0.5], [1]]
        const { filename } = await answer("interpolate", { noise, loop: false, as: "gif", fps: 24, labels: 3 })
        assert.equal(filename, "job1-interpolation.gif")
        const { headers, body } = asked("interpolate")
        assert.equal(headers.accept, "image/gif")
        assert.deepEqual(body, {
            ...{ noise, labels: [3], method: "spherical", layout: "auto", steps: 8, loop: false, fps: 24 }
        })
    })

    test("shows the picture below the node where the dialog says so", async () => {
        const shown = await nodeRed.admin("authorgan/preview/interpolate/picture")
        assert.deepEqual(Buffer.from(await shown.arrayBuffer()), PNG)
        assert.equal((await nodeRed.admin("authorgan/preview/explore/picture")).status, 404)
    })

    test("says that it waits where an answer takes its time, and only there", async () => {
        await answer("interpolate", {})
        assert.ok(!(await said("interpolate")).includes("status.waiting"))
        let goOn
        service.slow = new Promise((resolve) => {
            goOn = resolve
        })
        const answered = answer("interpolate", {})
        await until(async () => (await said("interpolate")).includes("status.waiting"), "it waits")
        service.slow = null
        goOn()
        await answered
        await until(async () => (await said("interpolate")).at(-1) !== "status.waiting", "it waits no more")
    })

    test("hands on values, and what is refused", async () => {
        assert.equal((await answer("interpolate", { as: "values" })).payload.step, 40)
        const detail = "A grid lies between 4 points; here are 2."
        service.answerOnce("/v1/models/job1/interpolate", 422, { detail, problems: [] })
        await nodeRed.send("interpolate", { layout: "grid" })
        await lastError(/A grid lies between 4 points/)
        await nodeRed.send("interpolate", { as: "film" })
        await lastError(/picture, gif, mp4, values, not as "film"/)
    })
})

describe("arithmetic", () => {
    const terms = [
        { label: 8, sign: 1 },
        { label: 3, sign: -1 },
        { seed: 4, sign: 1 }
    ]

    test("sends the sum term by term", async () => {
        assert.equal((await answer("arithmetic", {})).payload, "a buffer")
        assert.deepEqual(asked("arithmetic").body, { terms })
    })

    test("takes another sum from the message, written or as it is sent, and waits for values", async () => {
        assert.equal((await answer("arithmetic", { terms: "1 + 2", count: 4, as: "values" })).payload.count, 4)
        assert.equal(asked("arithmetic").headers.accept, "text/event-stream")
        await answer("arithmetic", { terms: [{ label: 1, sign: 1 }] })
        assert.deepEqual(asked("arithmetic").body, { terms: [{ label: 1, sign: 1 }] })
    })

    test("says below itself what it waits for", async () => {
        await answer("arithmetic", {})
        await until(async () => (await said("arithmetic")).includes("drawing 1 / 2"), "its progress")
    })

    test("has a picture or values, and nothing else", async () => {
        await nodeRed.send("arithmetic", { as: "gif" })
        await lastError(/picture, values, not as "gif"/)
    })

    test("asks for what is no sum", async () => {
        await nodeRed.send("arithmetic", { terms: "eight" })
        await lastError(/Which sum\?/)
    })
})

describe("explore", () => {
    test("asks for a strip, and for one picture where amounts are sent", async () => {
        assert.equal((await answer("explore", {})).payload, "a buffer")
        assert.deepEqual(asked("explore").body, { seed: 5, method: "sefa", direction: 1, range: 2.5, steps: 7 })
        await answer("explore", { amounts: { 0: 1.5 }, method: "principal" })
        assert.deepEqual(asked("explore").body, { seed: 5, method: "principal", amounts: { 0: 1.5 } })
    })

    test("takes noise instead of a seed", async () => {
        await answer("explore", { noise: [0.5, 1] })
        assert.deepEqual(asked("explore").body, { noise: [0.5, 1], method: "sefa", direction: 1, range: 2.5, steps: 7 })
    })
})

describe("layers", () => {
    test("asks for a layer's maps", async () => {
        assert.equal((await answer("layers", {})).payload, "a buffer")
        const body = { network: "generator", layer: "conv2d_1", seed: 0, max_maps: 16, normalization: "map" }
        assert.deepEqual(asked("layers").body, body)
    })

    test("sends pictures as base64, in the place of the seed", async () => {
        await answer("layers", { network: "discriminator", images: PNG.toString("base64"), max_maps: 4 })
        const { body } = asked("layers")
        assert.deepEqual(
            [body.network, body.images, body.max_maps, "seed" in body],
            [...["discriminator", [PNG.toString("base64")], 4, false]]
        )
    })

    test("lists the layers where none is named", async () => {
        assert.equal((await answer("layers", { layer: "" })).payload.step, 40)
        assert.equal(asked("layers").headers.accept, "application/json")
    })
})

describe("dissect", () => {
    test("ranks the units, as a sample node takes them, and shows them one by one", async () => {
        const { payload, units, job } = await answer("dissect", { series: "a" })
        assert.deepEqual(asked("dissect").body, { layer: "conv2d_1", label: 7, top: 2 })
        assert.equal(asked("dissect").headers.accept, "text/event-stream")
        assert.deepEqual(payload, {
            ...{ layer: "conv2d_1", by: "class", changed: { count: 5, of: 8 }, step: 40 },
            units: [
                { unit: 3, score: 1 / 3, level: 1.5 },
                { unit: 17, score: 1 / 17, level: 8.5 }
            ]
        })
        assert.deepEqual([units, job], [{ conv2d_1: { off: [3, 17] } }, "job1"])
        const pictures = await nodeRed.received("pictures")
        assert.deepEqual(
            pictures.map(({ topic, payload: picture, series }) => [topic, picture, series]),
            ["unit 17", "unit 3", "before", "after"].map((topic) => [topic, "a buffer", "a"])
        )
    })

    test("switches the units on as well, to what they give where they are lit", async () => {
        const { units } = await answer("dissect", { switch: "on" })
        assert.equal(asked("dissect").body.switch, "on")
        assert.deepEqual(units, { conv2d_1: { on: { 3: 1.5, 17: 8.5 } } })
    })

    test("looks for what a mask covers instead of a class", async () => {
        await answer("dissect", { mask: "iVBOR" })
        assert.deepEqual(asked("dissect").body, { layer: "conv2d_1", mask: "iVBOR", top: 2 })
    })

    test("asks for a layer", async () => {
        await nodeRed.send("dissect", { layer: "" })
        await lastError(/Which layer\?/)
    })
})
