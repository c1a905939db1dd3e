/** Drawings that cannot be built: each is refused with the nodes named, and none is changed by that. */
const assert = require("node:assert/strict")
const { after, describe, test } = require("node:test")
const { node, tab } = require("./support/flows")
const { load } = require("./support/palette")
const { Resolver } = require("./support/resolver")

const { compile, nodeAt, sketchLoose } = load("./lib/compile")
const { nodeType } = load("./lib/layer-type")

const resolver = new Resolver()
after(() => resolver.stop())

const layer = (id, name, to, parameters = {}, more = {}) => node(id, nodeType(name), [to], { parameters, ...more })
const noise = (to) => layer("noise", "Input", to, { source: "noise" })
const base = [
    tab,
    node("d", "authorgan-data", [["gan"]], { choice: "digits", parameters: { image_size: 16 } }),
    node("g", "authorgan-generator", [["gan"]], { choice: "custom", parameters: {} }),
    node("c", "authorgan-discriminator", [["gan"]], { choice: "dcgan", parameters: {} }),
    node("gan", "authorgan-gan", [[]], { parameters: {} })
]

/** From 256 numbers to the picture, into the generator. */
const end = [layer("r", "Reshape", ["g"], { target_shape: [16, 16, 1] })]

/** { node id: [what is told there] } of a drawing: by its wires, else by the service. A drawing is never changed. */
async function told(...drawn) {
    const flow = freeze([...base, ...drawn])
    const { spec, nodes, paths, problems } = compile(flow, "gan", { translate: (code) => code })
    const found = problems.map(({ code, node_id }) => [node_id, code])
    if (problems.length === 0) {
        for (const { message, pointer, node_id } of (await resolver.ask(spec)).problems || []) {
            for (const id of [node_id || nodeAt(nodes, pointer), ...(nodeAt(paths, pointer) || [])])
                found.push([id, message])
        }
    }
    const byNode = {}
    for (const [id, what] of found) byNode[id] = [...(byNode[id] || []), what]
    return byNode
}

function freeze(value) {
    if (value && typeof value === "object") for (const each of Object.values(Object.freeze(value))) freeze(each)
    return value
}

/** A subflow of one layer or more, from its input through all of them to its output. */
const subflow = (id, ...inner) => [
    {
        ...{ id, type: "subflow", name: id, in: [{ x: 0, y: 0, wires: [{ id: inner[0].id }] }] },
        out: [{ x: 0, y: 0, wires: [{ id: inner.at(-1).id, port: 0 }] }]
    },
    ...inner.map((each) => ({ ...each, z: id }))
]

const says = (found, expected) => {
    assert.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort(), JSON.stringify(found))
    for (const [id, pattern] of Object.entries(expected)) assert.match(found[id].join("\n"), pattern)
}

describe("refused with the node named", () => {
    test("two sources into a layer that takes one", async () => {
        const more = layer("more", "Dense", ["r"], { units: 256 })
        const dense = layer("dense", "Dense", ["r"], { units: 256 })
        says(await told(noise(["dense", "more"]), dense, more, ...end), {
            r: /takes one input, but has 2; join them with Concatenate or Add/
        })
    })

    test("a Concatenate of shapes that differ", async () => {
        const flat = layer("flat", "Dense", ["join"], { units: 8 })
        const square = layer("square", "Reshape", ["join"], { target_shape: [10, 10] })
        const join = layer("join", "Concatenate", ["dense"])
        const dense = layer("dense", "Dense", ["r"], { units: 256 })
        says(await told(noise(["flat", "square"]), flat, square, join, dense, ...end), { join: /Concatenate/ })
    })

    test("a missing input", async () => {
        says(await told(layer("dense", "Dense", ["r"], { units: 256 }), ...end), {
            dense: /needs one layer before it.*connect its input/,
            g: /needs an Input of source 'noise'/
        })
    })

    test("a branch that leads nowhere", async () => {
        const dense = layer("dense", "Dense", ["r", "loose"], { units: 256 })
        says(await told(noise(["dense"]), dense, layer("loose", "ReLU", []), ...end), { loose: /^dangling_layer$/ })
    })

    test("a circle", async () => {
        const dense = layer("dense", "Dense", ["relu"], { units: 256 })
        says(await told(noise(["dense"]), dense, layer("relu", "ReLU", ["dense", "r"]), ...end), {
            dense: /^cycle$/,
            relu: /^cycle$/
        })
    })

    test("a picture of another size, with the layer that would mend it", async () => {
        const dense = layer("dense", "Dense", ["small"], { units: 64 })
        const small = layer("small", "Reshape", ["g"], { target_shape: [8, 8, 1] })
        says(await told(noise(["dense"]), dense, small), { small: /add an UpSampling2D of size 2$/ })
    })

    test("a parameter that the layer does not have, as a flow from elsewhere may bring it", async () => {
        const dense = layer("dense", "Dense", ["r"], { units: 256, unitz: 3, activation: "sofa" })
        const found = await told(noise(["dense"]), dense, ...end)
        says(found, { dense: /has no parameter 'unitz'; did you mean 'units'\?/ })
        assert.match(found.dense.join("\n"), /sofa/)
    })

    test("a type of layer that this palette does not know", async () => {
        const dense = layer("dense", "Dense", ["new"], { units: 256 })
        const unknown = node("new", "authorgan-layer-hyperbolic", [["r"]], { parameters: {} })
        says(await told(noise(["dense"]), dense, unknown, ...end), { new: /^unknown_type$/, r: /^unknown_type$/ })
    })

    test("a node between layers that is none, but not one that only sends messages there", async () => {
        const dense = layer("dense", "Dense", ["change"], { units: 256 })
        const change = node("change", "change", [["r"]])
        says(await told(noise(["dense"]), dense, change, ...end), { change: /^no_layer$/, r: /^no_layer$/ })
        const wired = layer("dense", "Dense", ["r"], { units: 256 })
        says(await told(noise(["dense"]), wired, node("inject", "inject", [["dense"]]), ...end), {})
    })

    test("a subflow inside itself, at the instance and at those that lead there", async () => {
        const inner = layer("inner", "Dense", ["again"], { units: 256 })
        const again = node("again", "subflow:S", [[]])
        const found = await told(
            ...subflow("S", inner, again),
            node("use", "subflow:S", [["r"]]),
            noise(["use"]),
            ...end
        )
        says(found, { again: /^subflow_in_itself$/, use: /^subflow_in_itself$/ })
    })

    test("what is wrong inside a subflow, at the instance too, and only there", async () => {
        const block = subflow("S", layer("fold", "Reshape", [], { target_shape: [10, 10] }))
        const flat = layer("flat", "Flatten", ["dense"])
        const dense = layer("dense", "Dense", ["two"], { units: 256 })
        const one = node("one", "subflow:S", [["flat"]])
        const two = node("two", "subflow:S", [["r"]])
        says(await told(noise(["one"]), ...block, one, flat, dense, two, ...end), {
            fold: /holds 100 numbers, but its input holds 256/,
            two: /holds 100 numbers, but its input holds 256/
        })
    })
})

describe("10,000 layers", () => {
    const count = 10_000
    const chain = Array.from({ length: count }, (_, index) =>
        layer(`n${index}`, "ReLU", [index === count - 1 ? "r" : `n${index + 1}`])
    )

    test("are refused by the limit that says how many are allowed", async () => {
        says(await told(noise(["n0"]), ...chain, ...end), { g: /has 10002 layers; 2000 are allowed/ })
    })

    test("of one name still have an id each, short enough", () => {
        const name = "a".repeat(64)
        const named = chain.slice(-300).map((each) => ({ ...each, name, version: 2 }))
        const { spec } = compile([...base, ...named, ...end], "gan")
        const ids = spec.generator.layers.map(({ id }) => id)
        assert.equal(new Set(ids).size, ids.length)
        for (const id of ids) assert.ok(id.length <= 64, id)
    })
})

describe("layers that lead to no network yet", () => {
    const measured = async (flow, known = []) => {
        const [drawing] = sketchLoose(freeze([...base, ...flow]), new Set(known))
        const { problems, spec } = await resolver.ask(drawing.spec)
        assert.ok(problems || spec)
        return drawing
    }

    test("are asked about, those inside a subflow instance too", async () => {
        const block = subflow("S", layer("inner", "Dense", [], { units: 4 }))
        const flow = [
            noise(["use"]),
            ...block,
            node("use", "subflow:S", [[]]),
            layer("off", "ReLU", [], {}, { d: true })
        ]
        const { flow: z, spec, nodes, paths } = await measured(flow)
        assert.equal(z, "t")
        assert.deepEqual(
            spec.generator.layers.map(({ type, inputs }) => [type, inputs]),
            [
                ["Input", []],
                ["Dense", ["noise"]]
            ]
        )
        assert.deepEqual(nodes, { "/generator/layers/0": "noise", "/generator/layers/1": "inner" })
        assert.deepEqual(paths, { "/generator/layers/1": ["use"] })
    })

    test("are left out where they are known or go in a circle", () => {
        const flow = [...base, noise(["a"]), layer("a", "ReLU", [])]
        assert.deepEqual(sketchLoose(flow, new Set(["noise", "a"])), [])
        assert.deepEqual(sketchLoose([...base, layer("a", "ReLU", ["b"]), layer("b", "ReLU", ["a"])], new Set()), [])
    })
})
