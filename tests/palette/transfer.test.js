/** What a network takes over from an earlier run: how nodes say it, and the rows in which it is chosen. */
const assert = require("node:assert/strict")
const { describe, test } = require("node:test")
const { load } = require("./support/palette")
const { node, tab } = require("./support/flows")

const { compile, nodeAt } = load("./lib/compile")
const { fits, rowsOf, saidBy } = load("./lib/transfer")

const here = [
    { id: "noise", type: "Input", parameter_count: 0 },
    { id: "dense_1", type: "Dense", parameter_count: 100 },
    { id: "conv2d_1", type: "Conv2D", parameter_count: 50 },
    { id: "conv2d_2", type: "Conv2D", parameter_count: 60 },
    { id: "head", type: "Conv2D", parameter_count: 7, trainable: false }
]
const there = [
    { id: "dense_1", type: "Dense", parameter_count: 100 },
    { id: "conv2d_1", type: "Conv2D", parameter_count: 51 },
    { id: "conv2d_2", type: "SeparableConv2D", parameter_count: 60 },
    { id: "old_head", type: "Dense", parameter_count: 7 }
]
const ids = (rows, what) => rows.filter((row) => row[what]).map(({ id }) => id)

describe("a network's node", () => {
    const data = node("d", "authorgan-data", [["gan"]], { choice: "digits", parameters: {} })
    const discriminator = node("c", "authorgan-discriminator", [["gan"]], { choice: "dcgan", parameters: {} })
    const gan = node("gan", "authorgan-gan", [[]], { parameters: {} })
    const generator = { choice: "dcgan", parameters: { filters: 8 } }
    const of = (said, ...more) => {
        const module = node("g", "authorgan-generator", [["gan"]], { ...generator, ...said })
        return compile([tab, data, module, discriminator, gan, ...more], "gan")
    }

    test("says which run it starts from, and what is frozen", () => {
        const { spec, nodes } = of({ weights: { job: "run", replace: ["dense_1"] }, frozen: ["conv*"] })
        const weights = { job: "run", replace: ["dense_1"] }
        assert.deepEqual(spec.generator, { choice: "dcgan", filters: 8, frozen: ["conv*"], weights })
        assert.equal(nodeAt(nodes, "/generator/weights/job"), "g")
    })

    test("says nothing of it where nothing is chosen, and where an earlier palette saved it", () => {
        for (const said of [{ weights: null, frozen: [] }, {}])
            assert.deepEqual(of(said).spec.generator, { choice: "dcgan", filters: 8 })
    })

    test("says it of layers that are wired in, too", () => {
        const noise = node("n", "authorgan-layer-input", [["g"]], { parameters: { source: "noise" } })
        const { spec } = of({ weights: { job: "run", replace: [] }, frozen: ["noise"] }, noise)
        assert.equal(spec.generator.choice, "custom")
        assert.deepEqual(spec.generator.weights, { job: "run" })
        assert.deepEqual(spec.generator.frozen, ["noise"])
    })
})

describe("rows of layers", () => {
    test("hold the layers with weights of both sides, and tell those that cannot be taken over", () => {
        const rows = rowsOf(here, there, { weights: { job: "run", replace: ["conv2d_1"] }, frozen: [] })
        assert.deepEqual(
            rows.map(({ id }) => id),
            ["dense_1", "conv2d_1", "conv2d_2", "head", "old_head"]
        )
        assert.deepEqual(ids(rows, "misfit"), ["conv2d_1", "conv2d_2", "head", "old_head"])
        assert.deepEqual(ids(rows, "anew"), ["conv2d_1"])
    })

    test("are no misfits where no run is known", () => {
        assert.deepEqual(ids(rowsOf(here, null, {}), "misfit"), [])
    })

    test("are frozen by a pattern, or by their own node", () => {
        const rows = rowsOf(here, null, { frozen: ["conv2d_?"] })
        assert.deepEqual(ids(rows, "frozen"), ["conv2d_1", "conv2d_2", "head"])
        assert.deepEqual(ids(rows, "fixed"), ["head"])
    })

    test("show names of no layer, so that they can be taken out", () => {
        const rows = rowsOf(here, there, { weights: { job: "run", replace: ["gone"] }, frozen: ["lstm*", "away"] })
        const lost = rows.filter((row) => !row.here && !row.there)
        assert.deepEqual(
            lost.map(({ id, anew, frozen }) => [id, anew, frozen]),
            [
                ["gone", true, false],
                ["lstm*", false, true],
                ["away", false, true]
            ]
        )
    })
})

describe("what ticked rows say", () => {
    const said = { weights: { job: "run", replace: ["conv2d_1"] }, frozen: ["conv2d_*", "dense_1"] }

    test("is what was said, as long as nothing was changed", () => {
        assert.deepEqual(saidBy("run", rowsOf(here, there, said), said.frozen), said)
    })

    test("names the layers of a pattern one by one once it holds no more for all of them", () => {
        const rows = rowsOf(here, there, said).map((row) => (row.id === "conv2d_2" ? { ...row, frozen: false } : row))
        assert.deepEqual(saidBy("run", rows, said.frozen).frozen, ["dense_1", "conv2d_1"])
    })

    test("keeps what fits no layer until it is unticked, and leaves a layer's own tick to the layer", () => {
        const rows = rowsOf(here, null, { frozen: ["lstm*"] })
        assert.deepEqual(saidBy("", rows, ["lstm*"]), { weights: null, frozen: ["lstm*"] })
        const unticked = rows.map((row) => ({ ...row, frozen: row.fixed }))
        assert.deepEqual(saidBy("", unticked, ["lstm*"]).frozen, [])
    })
})

test("patterns mean what they mean in the spec: each as Python's fnmatchcase says", () => {
    const matches = [
        ["conv*", "conv2d_1", true],
        ["conv*", "my_conv", false],
        ["conv2d_?", "conv2d_12", false],
        ["conv2d_[12]", "conv2d_2", true],
        ["conv2d_[!12]", "conv2d_2", false],
        ["conv2d_[0-9]", "conv2d_7", true],
        ["conv2d_[9-0]", "conv2d_7", false],
        ["[^c]onv", "conv", true],
        ["a.c", "abc", false],
        ["a[", "a[", true]
    ]
    for (const [pattern, id, expected] of matches) assert.equal(fits(pattern, id), expected, `${pattern} of ${id}`)
})
