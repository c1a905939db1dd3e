/** Layers as nodes: what a drawing of them says, and that each is complete. */
const assert = require("node:assert/strict")
const fs = require("node:fs")
const path = require("node:path")
const { describe, test } = require("node:test")
const { folder, load } = require("./support/palette")
const { node, tab } = require("./support/flows")

const { compile, nodeAt } = load("./lib/compile")
const layers = load("./lib/layers")
const fields = load("./lib/fields")
const { nodeType } = load("./lib/layer-type")
const { arrange, widthOf, GAP, LINE_HEIGHT } = load("./lib/layout")
const catalogue = load("./lib/catalogue.json")
const manifest = load("./package.json")

const read = (name) => fs.readFileSync(path.join(folder, name), "utf8")

/** A layer node: its id, the name of its layer, what it is wired into, more of it. */
const layer = (id, name, to, more = {}) => node(id, nodeType(name), [to], { parameters: {}, ...more })
const input = (id, source, to, more = {}) => layer(id, "Input", to, { parameters: { source }, ...more })
const data = node("d", "authorgan-data", [["gan"]], { choice: "digits", parameters: {} })
const generator = node("g", "authorgan-generator", [["gan"]], { choice: "dcgan", parameters: { filters: 8 } })
const discriminator = node("c", "authorgan-discriminator", [["gan"]], { choice: "dcgan", parameters: {} })
const gan = node("gan", "authorgan-gan", [[]], { parameters: {} })
const base = [tab, data, generator, discriminator, gan]
const of = (...drawn) => compile([...base, ...drawn], "gan")
const codes = ({ problems }) => problems.map(({ code, node_id }) => `${code}@${node_id}`)
const idsOf = ({ spec }) => spec.generator.layers.map(({ id }) => id)

describe("a chain of layers", () => {
    const chain = [
        layer("l2", "Reshape", ["g"], { parameters: { target_shape: [4, 4, 1] } }),
        layer("l1", "Dense", ["l2"], { parameters: { units: 16 } }),
        input("l0", "noise", ["l1"])
    ]

    test("is the architecture of the module it ends in, each layer after those that feed it", () => {
        const { spec, problems } = of(...chain)
        assert.deepEqual(spec.generator, {
            choice: "custom",
            layers: [
                { id: "noise", type: "Input", source: "noise", inputs: [], node_id: "l0" },
                { id: "dense_1", type: "Dense", units: 16, inputs: ["noise"], node_id: "l1" },
                { id: "reshape_1", type: "Reshape", target_shape: [4, 4, 1], inputs: ["dense_1"], node_id: "l2" }
            ]
        })
        assert.deepEqual(spec.discriminator, { choice: "dcgan" })
        assert.deepEqual(problems, [])
    })

    test("leads from a place in the spec back to the node", () => {
        const { nodes } = of(...chain)
        assert.equal(nodeAt(nodes, "/generator/layers/1/units"), "l1")
        assert.equal(nodeAt(nodes, "/generator/layers"), "g")
    })

    test("hints at a name that two layers have, at both, and is whole all the same", () => {
        const drawn = [
            layer("a", "ReLU", ["g"], { name: "conv" }),
            layer("b", "Conv2D", ["a"], { name: "conv", parameters: { filters: 4 } }),
            input("i", "image", ["b"])
        ]
        const told = []
        const translate = (code, values) => told.push(values) && code
        const { hints, problems } = compile([...base, ...drawn], "gan", { translate })
        assert.deepEqual(problems, [])
        assert.deepEqual(
            hints.map(({ code, node_id }) => `${code}@${node_id}`),
            ["same_name@b", "same_name@a"]
        )
        assert.deepEqual([told[0].count, told[0].types, told[0].ids], [2, "Conv2D, ReLU", "conv, conv_2"])
        assert.deepEqual(of(layer("a", "ReLU", ["g"], { name: "other" }), ...drawn.slice(1)).hints, [])
    })

    test("takes names as ids, made plain, and keeps them apart", () => {
        const named = [
            layer("a", "ReLU", ["b"], { name: "Größe / 1" }),
            layer("b", "ReLU", ["x"], { name: "groe_1" }),
            layer("x", "ReLU", ["y"], { name: "relu 1" }),
            layer("y", "ReLU", ["g"])
        ]
        const ids = idsOf(of(...named))
        assert.deepEqual(ids, ["gro_e_1", "groe_1", "relu_1", "relu_1_2"])
        for (const id of ids) assert.match(id, /^[A-Za-z0-9_-]{1,64}$/)
    })

    test("looks through junctions and links, and leaves out what is disabled", () => {
        const { spec, problems } = of(
            layer("l1", "Dense", ["j"], { parameters: { units: 4 } }),
            node("j", "junction", [["out"]]),
            node("out", "link out", [], { links: ["in"] }),
            node("in", "link in", [["g"]], { links: ["out"] }),
            input("l0", "noise", ["l1"]),
            input("off", "label", ["l1"], { d: true })
        )
        assert.deepEqual(
            spec.generator.layers.map(({ inputs }) => inputs),
            [[], ["noise"]]
        )
        assert.deepEqual(problems, [])
    })

    test("of 3000 layers is followed to its beginning", () => {
        const long = Array.from({ length: 3000 }, (_, i) => layer(`n${i}`, "ReLU", [i === 2999 ? "g" : `n${i + 1}`]))
        assert.equal(of(...long).spec.generator.layers.length, 3000)
    })
})

describe("branches", () => {
    const y = (height) => ({ y: height })

    test("meet in the order of the drawing, from top to bottom, however they were wired", () => {
        const { spec } = of(
            layer("join", "Subtract", ["g"]),
            layer("low", "ReLU", ["join"], y(200)),
            layer("high", "Tanh", ["join"], y(100)),
            input("l0", "noise", ["low", "high"])
        )
        assert.deepEqual(spec.generator.layers.at(-1).inputs, ["tanh_1", "relu_1"])
    })

    test("a junction stands for what it brings, so that one source can be wired in twice", () => {
        const { spec } = of(
            layer("join", "Subtract", ["g"]),
            input("n", "noise", ["join", "below"], y(200)),
            node("below", "junction", [["join"]], y(300)),
            node("above", "junction", [["join"]], y(100)),
            layer("r", "ReLU", ["above"], y(400))
        )
        assert.deepEqual(spec.generator.layers.at(-1).inputs, ["relu_1", "noise", "noise"])
    })

    test("what comes through the input of a subflow stands where that input does", () => {
        const { spec } = of(
            {
                id: "S",
                type: "subflow",
                in: [{ y: 300, wires: [{ id: "inner" }, { id: "minus" }] }],
                out: [{ wires: [{ id: "minus", port: 0 }] }]
            },
            layer("inner", "ReLU", ["minus"], { z: "S", y: 100 }),
            layer("minus", "Subtract", [], { z: "S", y: 100 }),
            node("one", "subflow:S", [["g"]]),
            input("n", "noise", ["one"], y(0))
        )
        assert.deepEqual(spec.generator.layers.at(-1).inputs, ["relu_1", "noise"])
    })

    test("a subflow used twice is two layers, placed where its instances stand", () => {
        const { spec, problems } = of(
            {
                id: "S",
                type: "subflow",
                in: [{ wires: [{ id: "inner" }] }],
                out: [{ wires: [{ id: "inner", port: 0 }] }]
            },
            layer("inner", "ReLU", [], { z: "S", y: 50 }),
            node("one", "subflow:S", [["join"]], y(300)),
            node("two", "subflow:S", [["join"]], y(100)),
            layer("join", "Concatenate", ["g"]),
            input("n", "noise", ["one"]),
            input("l", "label", ["two"])
        )
        const { layers } = spec.generator
        const of_ = (id) => layers.find((each) => each.id === id)
        assert.deepEqual(
            layers.filter(({ node_id }) => node_id === "inner").map(({ inputs }) => inputs),
            [["label"], ["noise"]]
        )
        assert.deepEqual(
            of_("concatenate_1").inputs.map((id) => of_(id).inputs),
            [["label"], ["noise"]]
        )
        assert.deepEqual(problems, [])
    })

    test("a layer that leads nowhere is told", () => {
        const drawn = of(layer("l1", "Dense", ["g"]), layer("loose", "ReLU", []), input("l0", "noise", ["l1", "loose"]))
        assert.deepEqual(codes(drawn), ["dangling_layer@loose"])
    })

    test("a layer that leads to another GAN does not lead nowhere", () => {
        const other = [
            node("g2", "authorgan-generator", [["gan2"]], { choice: "gan", parameters: {} }),
            node("gan2", "authorgan-gan", [[]], { parameters: {} })
        ]
        const drawn = of(
            ...other,
            layer("l1", "Dense", ["g"]),
            layer("l2", "ReLU", ["g2"]),
            input("l0", "noise", ["l1", "l2"])
        )
        assert.deepEqual(codes(drawn), [])
    })
})

describe("what cannot be built is told at its node", () => {
    test("a circle", () => {
        const drawn = of(layer("a", "ReLU", ["b"]), layer("b", "ReLU", ["a", "g"]))
        assert.deepEqual(codes(drawn).sort(), ["cycle@a", "cycle@b"])
        assert.equal(of(layer("a", "ReLU", ["a", "g"])).problems[0].code, "cycle")
    })

    test("several last layers", () => {
        const drawn = of(layer("a", "ReLU", ["g"]), layer("b", "ReLU", ["g"]))
        assert.deepEqual(codes(drawn), ["several_ends@a", "several_ends@b"])
    })

    test("one layer in both networks, but not one Input", () => {
        const shared = of(layer("a", "ReLU", ["g", "c"]), input("l", "label", ["a"]))
        assert.deepEqual(codes(shared), ["shared_layer@a"])
        const start = of(layer("a", "ReLU", ["g"]), layer("b", "ReLU", ["c"]), input("l", "label", ["a", "b"]))
        assert.deepEqual(codes(start), [])
    })

    test("a module wired into a layer", () => {
        const stray = { ...data, wires: [["gan", "a"]] }
        const drawn = compile([tab, stray, generator, discriminator, gan, layer("a", "ReLU", ["g"])], "gan")
        assert.deepEqual(codes(drawn), ["module_into_layer@d"])
    })

    test("a generator of one's own without a layer", () => {
        const bare = { ...generator, choice: "custom", parameters: {} }
        assert.deepEqual(codes(compile([tab, data, bare, discriminator, gan], "gan")), ["no_layers@g"])
    })

    test("a subflow that contains itself", () => {
        const drawn = of(
            { id: "S", type: "subflow", in: [], out: [{ wires: [{ id: "again", port: 0 }] }] },
            node("again", "subflow:S", [[]], { z: "S" }),
            node("use", "subflow:S", [["g"]])
        )
        assert.equal(drawn.spec.generator.choice, "dcgan")
    })
})

describe("values of layers", () => {
    const schemas = {
        size: { format: "size_2d", minimum: 1, maximum: 64, default: 1 },
        edges: { format: "edges_2d", minimum: 0, maximum: 64, default: 1 },
        axes: { format: "axes", minimum: -4, maximum: 4, default: -1 },
        layer: { format: "layer", default: {} }
    }
    const good = [
        ["size", "3", 3],
        ["size", "3, 4", [3, 4]],
        [
            "edges",
            "[[0, 1], [2, 3]]",
            [
                [0, 1],
                [2, 3]
            ]
        ],
        ["axes", "-1", -1],
        ["axes", "1 2", [1, 2]],
        ["layer", "GRU", "GRU"]
    ]
    for (const [kind, typed, value] of good) {
        test(`${kind}: ${typed}, and back`, () => {
            assert.deepEqual(fields.parse(typed, schemas[kind]), { value })
            assert.deepEqual(fields.parse(fields.format(value), schemas[kind]), { value })
        })
    }
    const bad = [
        ["size", "3, 4, 5", "size"],
        ["size", "wide", "size"],
        ["size", "0", "minimum"],
        ["edges", "[[1, 99], [1, 1]]", "maximum"],
        ["edges", "[[1, 1]", "edges"],
        ["axes", "9", "maximum"]
    ]
    for (const [kind, typed, code] of bad) {
        test(`${kind}: ${typed} is refused`, () => assert.equal(fields.parse(typed, schemas[kind]).wrong.code, code))
    }

    test("the layer inside a wrapper is checked as a layer", () => {
        const wrong = fields.checkModule(catalogue, "layers", "Bidirectional", { layer: { type: "LSTM", units: 0 } })
        assert.deepEqual(wrong, [{ parameter: "units", code: "minimum", values: { value: 0, bound: 1 } }])
    })
})

describe("a resolved layer as a node", () => {
    const conv = {
        ...{ id: "c", type: "Conv2D", inputs: ["x"], output_shape: [8, 8, 32], parameter_count: 1 },
        ...{ filters: 32, kernel_size: [3, 3], strides: [2, 1], padding: "valid", dilation_rate: [1, 1], groups: 1 },
        ...{ activation: "linear", use_bias: true, bias_initializer: { choice: "zeros" } },
        kernel_initializer: { choice: "random_normal", mean: 0, stddev: 0.02 }
    }

    test("keeps what differs from the defaults, in its short form", () => {
        assert.deepEqual(layers.sparse(conv), {
            filters: 32,
            kernel_size: 3,
            strides: [2, 1],
            kernel_initializer: { choice: "random_normal", mean: 0, stddev: 0.02 }
        })
    })

    test("keeps the layer inside a wrapper the same way", () => {
        const wrapped = { type: "SpectralNormalization", layer: conv, power_iterations: 1 }
        assert.deepEqual(layers.sparse(wrapped), { layer: { type: "Conv2D", ...layers.sparse(conv) } })
    })

    test("leaves a shape that follows from the source", () => {
        const of = (source, shape) => layers.sparse({ type: "Input", source, shape })
        assert.deepEqual(of("noise", [100]), { source: "noise" })
        assert.deepEqual(of("noise", [64]), { source: "noise", shape: [64] })
        assert.deepEqual(of("image", [16, 16, 1]), { source: "image" })
    })

    test("stands in lines that begin where the picture changes its size, and none on another", () => {
        const chain = ["Input", "Dense", "Reshape", "UpSampling2D", "Conv2D", "Tanh"].map((type, index, all) => ({
            id: type,
            type,
            inputs: index > 0 ? [all[index - 1]] : [],
            output_shape: index < 2 ? [16] : index < 3 ? [4, 4, 1] : [8, 8, 1]
        }))
        const { places } = arrange(chain, ({ type }) => type)
        const line = (id) => places.get(id).y / LINE_HEIGHT
        assert.deepEqual(
            chain.map(({ id }) => line(id)),
            [0, 0, 0, 1, 1, 1]
        )
        for (const [before, after] of [
            ["Input", "Dense"],
            ["UpSampling2D", "Conv2D"]
        ]) {
            const apart = places.get(after).x - places.get(before).x
            assert.ok(apart >= (widthOf(before) + widthOf(after)) / 2 + GAP)
        }
    })
})

test("even 2000 layers, the most that a network may have, find room on the canvas", () => {
    const chain = Array.from({ length: 2000 }, (_, index) => ({
        ...{ id: `n${index}`, type: "ReLU", inputs: index > 0 ? [`n${index - 1}`] : [], output_shape: [16, 16, 1] }
    }))
    const { width, height } = arrange(chain, ({ type }) => type)
    assert.ok(width < 8000 && height < 4000, `${width} x ${height}`)
})

describe("every layer of the catalogue", () => {
    const sets = Object.keys(manifest["node-red"].nodes).filter((name) => name.startsWith("authorgan-layers-"))
    const htmlOf = Object.fromEntries(sets.map((name) => [name, read(`nodes/${name}.html`)]))
    const definitions = new Map()
    for (const [name, html] of Object.entries(htmlOf)) {
        for (const [, script] of html.matchAll(/<script type="text\/javascript">([\s\S]*?)<\/script>/g)) {
            const register = (type, definition) => definitions.set(type, { definition, set: name })
            new Function("RED", script)({ nodes: { registerType: register } })
        }
    }

    test("is a node type of its own, and no other is", () => {
        assert.deepEqual([...definitions.keys()].sort(), Object.keys(catalogue.layers).map(nodeType).sort())
        for (const name of Object.keys(catalogue.layers)) assert.equal(layers.layerName(nodeType(name)), name)
    })

    for (const name of Object.keys(catalogue.layers)) {
        test(`${name}: literal, complete, and valid as it comes out of the palette where it can be`, () => {
            const type = nodeType(name)
            const { definition, set } = definitions.get(type)
            const html = htmlOf[set]
            const texts = JSON.parse(read(`nodes/locales/en-US/${set}.json`))
            const help = read(`nodes/locales/en-US/${set}.html`)
            const { category, inputs, required, parameters } = catalogue.layers[name]

            assert.ok(html.includes(`RED.nodes.registerType("${type}", {`))
            assert.ok(read(`nodes/${set}.js`).includes(`registerType("${type}", Node)`))
            assert.equal(definition.category, `AuthorGAN ${category}`)
            assert.equal(texts.palette.label[definition.category.replace(/ /g, "_")], definition.category)
            assert.ok(fs.existsSync(path.join(folder, "nodes/icons", definition.icon)))
            assert.equal(definition.inputs, inputs.max === 0 ? 0 : 1)

            const wrong = fields.checkModule(catalogue, "layers", name, definition.defaults.parameters.value)
            const open = required.filter((parameter) => parameters[parameter].default === undefined)
            assert.deepEqual(
                wrong.map(({ parameter, code }) => [parameter, code]),
                open.map((each) => [each, "required"])
            )

            const [, dialog] = html.split(`data-template-name="${type}">`)
            for (const [, key] of dialog.split("</script>")[0].matchAll(/data-i18n="([^"]+)"/g)) {
                const found = key.split(".").reduce((value, part) => value?.[part], texts)
                assert.equal(typeof found, "string", key)
            }
            const [, page] = help.split(`data-help-name="${type}">`)
            const body = page.split("</script>")[0].trim()
            assert.match(body, /^[A-Z][^#\n]+[.?:]/)
            for (const heading of ["Outputs", "Details", "References", inputs.max !== 0 && "Inputs"].filter(Boolean))
                assert.ok(body.includes(`### ${heading}`), heading)
            assert.ok(!/^\s*: /m.test(body), "a list of message properties was not recognized")
        })
    }

    test("has an icon for its category: white on nothing, 40 by 60", () => {
        for (const { definition } of definitions.values()) {
            const svg = read(`nodes/icons/${definition.icon}`)
            assert.match(svg, /width="40" height="60"/)
            for (const [, colour] of svg.matchAll(/(?:fill|stroke)="([^"]+)"/g)) assert.match(colour, /^(#fff|none)$/)
        }
    })
})
