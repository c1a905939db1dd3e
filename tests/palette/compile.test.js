/** From a drawing to a spec, on flows as Node-RED saves them. */
const assert = require("node:assert/strict")
const { describe, test } = require("node:test")
const { load } = require("./support/palette")
const { node, tab } = require("./support/flows")

const { compile, nodeAt } = load("./lib/compile")

const data = node("d", "authorgan-data", [["gan"]], { choice: "digits", parameters: { image_size: 16 } })
const generator = node("g", "authorgan-generator", [["gan"]], { choice: "dcgan", parameters: { latent_dim: 64 } })
const discriminator = node("c", "authorgan-discriminator", [["gan"]], { choice: "wgan", parameters: {} })
const gan = node("gan", "authorgan-gan", [["train"]], { name: "", parameters: {} })
const train = node("train", "authorgan-train", [[], [], []])
const modules = [tab, data, generator, discriminator, gan, train]
const optimizer = (id, network, learning_rate) =>
    node(id, "authorgan-optimizer", [["gan"]], { choice: "adam", network, parameters: { learning_rate } })

const codes = ({ problems }) => problems.map(({ code, node_id }) => `${code}@${node_id}`)
/** The same node, wired elsewhere. */
const wired = (which, ...to) => ({ ...which, wires: [to] })

describe("compile", () => {
    test("puts the modules of a drawing together, sparse", () => {
        const { spec, nodes, problems } = compile(modules, "train")
        assert.deepEqual(spec, {
            authorgan: 1,
            data: { choice: "digits", image_size: 16 },
            generator: { choice: "dcgan", latent_dim: 64 },
            discriminator: { choice: "wgan" }
        })
        assert.deepEqual(nodes, { "": "gan", "/data": "d", "/generator": "g", "/discriminator": "c" })
        assert.deepEqual(problems, [])
    })

    test("starts at a gan node as well as at a train node", () => {
        assert.deepEqual(compile(modules, "gan"), compile(modules, "train"))
    })

    test("never changes the flow", () => {
        const before = JSON.stringify(modules)
        compile(modules, "train").spec.generator.latent_dim = 1
        assert.equal(JSON.stringify(modules), before)
    })

    test("takes name, driver, backend, device and precision from the gan node", () => {
        const parameters = { driver: "keras", backend: "jax", device: "cpu", precision: "float32" }
        const named = { ...gan, name: "sevens", parameters }
        const { spec } = compile([data, generator, discriminator, named], "gan")
        assert.equal(spec.name, "sevens")
        assert.deepEqual([spec.driver, spec.backend], ["keras", "jax"])
        assert.equal(spec.device, "cpu")
        assert.equal(spec.precision, "float32")
    })

    test("takes driver and backend from a train node that chooses them, which answers for them then", () => {
        const jax = { ...gan, parameters: { driver: "keras", backend: "jax" } }
        const trained = (runtime) => compile([tab, data, generator, discriminator, jax, { ...train, runtime }], "train")
        const keys = ({ spec: { driver, backend } }) => [driver, backend]
        assert.deepEqual(keys(trained("")), ["keras", "jax"])
        assert.deepEqual(keys(trained("tensorflow")), ["keras", "tensorflow"])
        assert.deepEqual(keys(trained("pytorch")), ["pytorch", undefined])
        assert.equal(nodeAt(trained("tensorflow").nodes, "/backend"), "train")
        assert.equal(nodeAt(trained("").nodes, "/backend"), "gan")
        // Whoever looks at the gan alone sees what it says itself.
        assert.equal(compile([data, generator, discriminator, jax], "gan").spec.backend, "jax")
    })

    test("says which run a network starts from, and nothing of the file that its weights came with", () => {
        const weights = { job: "a1", replace: ["dense_1"], file: "critic.onnx" }
        const critic = { ...discriminator, weights }
        const { spec } = compile([data, { ...generator, weights: { job: "b2", replace: [] } }, critic, gan], "gan")
        assert.deepEqual(spec.generator, { choice: "dcgan", latent_dim: 64, weights: { job: "b2" } })
        assert.deepEqual(spec.discriminator, { choice: "wgan", weights: { job: "a1", replace: ["dense_1"] } })
        const layer = node("l", "authorgan-layer-dense", [["c"]], { parameters: { units: 1 } })
        const drawn = compile([data, generator, layer, critic, gan], "gan").spec.discriminator
        assert.deepEqual([drawn.choice, drawn.weights.job], ["custom", "a1"])
        assert.equal(
            compile([data, generator, { ...critic, weights: null }, gan], "gan").spec.discriminator.weights,
            undefined
        )
    })

    test("leaves regularizers to the critic unless some, or none, were chosen", () => {
        const loss = (regularizers) =>
            node("l", "authorgan-loss", [["gan"]], { choice: "hinge", parameters: {}, regularizers })
        const of = (regularizers) => compile([...modules, loss(regularizers)], "gan").spec.loss
        assert.deepEqual(of(null), { choice: "hinge" })
        assert.deepEqual(of([]), { choice: "hinge", regularizers: [] })
        assert.deepEqual(of([{ choice: "r1", weight: 5 }]), {
            choice: "hinge",
            regularizers: [{ choice: "r1", weight: 5 }]
        })
    })
})

describe("optimizers", () => {
    test("one for both is one", () => {
        const { spec, nodes } = compile([...modules, optimizer("o", "both", 0.1)], "gan")
        assert.deepEqual(spec.optimizer, { choice: "adam", learning_rate: 0.1 })
        assert.equal(nodes["/optimizer"], "o")
    })

    test("one for each network go where they belong", () => {
        const flow = [...modules, optimizer("o1", "generator", 0.1), optimizer("o2", "discriminator", 0.2)]
        const { spec, nodes } = compile(flow, "gan")
        assert.equal(spec.optimizer.generator.learning_rate, 0.1)
        assert.equal(spec.optimizer.discriminator.learning_rate, 0.2)
        assert.equal(nodes["/optimizer/discriminator"], "o2")
    })

    test("one for both serves what no other claims", () => {
        const { spec } = compile([...modules, optimizer("o1", "both", 0.1), optimizer("o2", "generator", 0.2)], "gan")
        assert.equal(spec.optimizer.generator.learning_rate, 0.2)
        assert.equal(spec.optimizer.discriminator.learning_rate, 0.1)
    })

    test("one for one network leaves the other to its default", () => {
        const { spec } = compile([...modules, optimizer("o", "generator", 0.2)], "gan")
        assert.deepEqual(Object.keys(spec.optimizer), ["generator"])
    })

    test("two for the same network are both told", () => {
        const flow = [...modules, optimizer("o1", "both", 0.1), optimizer("o2", "both", 0.2)]
        assert.deepEqual(codes(compile(flow, "gan")), ["several_optimizers@o1", "several_optimizers@o2"])
    })
})

describe("problems", () => {
    test("name the gan that lacks a module", () => {
        assert.deepEqual(codes(compile([gan, generator], "gan")), ["no_data@gan", "no_discriminator@gan"])
    })

    test("name both of two generators, by what a person calls them", () => {
        const second = { ...generator, id: "g2", name: "mine" }
        const said = []
        const translate = (code, values) => said.push([code, values]) && code
        const { problems } = compile([...modules, second], "gan", { translate })
        assert.deepEqual(
            problems.map(({ node_id }) => node_id),
            ["g", "g2"]
        )
        assert.equal(said[0][0], "several_modules")
        assert.equal(said[0][1].module, "generator")
        assert.equal(said[0][1].names, "dcgan, mine")
    })

    test("tell a train node without a gan, or with two", () => {
        assert.deepEqual(codes(compile([train], "train")), ["no_gan@train"])
        const other = { ...gan, id: "gan2" }
        assert.deepEqual(codes(compile([...modules, other], "train")), ["several_gans@gan", "several_gans@gan2"])
    })

    test("tell a module that is wired past the gan", () => {
        const flow = [...modules.filter(({ id }) => id !== "g"), wired(generator, "train")]
        assert.deepEqual(codes(compile(flow, "train")), ["module_into_train@g", "no_generator@gan"])
    })

    test("tell a gan that is wired into a gan", () => {
        const inner = wired({ ...gan, id: "inner" }, "gan")
        assert.deepEqual(codes(compile([...modules, inner], "gan")), ["gan_into_gan@inner"])
    })

    test("tell a circle, through junctions too", () => {
        const round = wired(gan, "j")
        const junction = node("j", "junction", [["gan"]])
        const flow = [data, generator, discriminator, round, junction]
        assert.deepEqual(codes(compile(flow, "gan")), ["cycle@gan"])
    })

    test("belong to the node of the longest pointer", () => {
        const nodes = { "": "gan", "/optimizer/generator": "o", "/data": "d" }
        assert.equal(nodeAt(nodes, "/optimizer/generator/learning_rate"), "o")
        assert.equal(nodeAt(nodes, "/optimizer"), "gan")
        assert.equal(nodeAt(nodes, "/data"), "d")
        assert.equal(nodeAt({}, "/data"), null)
    })
})

describe("what carries no meaning is looked through", () => {
    const complete = compile(modules, "train").spec
    const via = (...nodes) => [...modules.filter(({ id }) => id !== "g"), ...nodes]

    test("junctions, however many, each module once", () => {
        const flow = via(
            wired(generator, "j1", "j2"),
            node("j1", "junction", [["j2"]]),
            node("j2", "junction", [["gan"]])
        )
        assert.deepEqual(compile(flow, "train").spec, complete)
    })

    test("junctions in a circle", () => {
        const flow = via(
            wired(generator, "j1"),
            node("j1", "junction", [["j2", "gan"]]),
            node("j2", "junction", [["j1"]])
        )
        assert.deepEqual(compile(flow, "train").spec, complete)
    })

    for (const [end, ins, outs] of [
        ["in", ["out"], []],
        ["out", [], ["in"]],
        ["both", ["out"], ["in"]]
    ]) {
        test(`link nodes, remembered at ${end}`, () => {
            const flow = via(
                wired(generator, "out"),
                node("out", "link out", [], { mode: "link", links: outs }),
                node("in", "link in", [["gan"]], { links: ins })
            )
            assert.deepEqual(compile(flow, "train").spec, complete)
        })
    }

    test("messages that pass by: an inject into the gan is no module", () => {
        const flow = [...modules, node("i", "inject", [["gan", "train"]]), node("f", "function", [["gan"]])]
        assert.deepEqual(compile(flow, "train").problems, [])
    })
})

describe("what does not run is not there", () => {
    test("a disabled node", () => {
        const flow = [...modules, { ...generator, id: "g2", d: true }]
        assert.deepEqual(compile(flow, "train").problems, [])
    })

    test("a disabled flow, reached by links", () => {
        const off = { id: "off", type: "tab", disabled: true }
        const away = { ...wired(generator, "out"), z: "off" }
        const out = { ...node("out", "link out", [], { links: ["in"] }), z: "off" }
        const flow = [...modules.filter(({ id }) => id !== "g"), off, away, out, node("in", "link in", [["gan"]])]
        assert.deepEqual(codes(compile(flow, "train")), ["no_generator@gan"])
    })
})

describe("subflows", () => {
    const inside = (which) => ({ ...which, z: "sub" })
    const subflow = (ins, outs) => ({ id: "sub", type: "subflow", name: "part", in: ins, out: outs })

    test("a module inside one, behind its output", () => {
        const flow = [
            ...modules.filter(({ id }) => id !== "g"),
            subflow([], [{ wires: [{ id: "g", port: 0 }] }]),
            inside(wired(generator)),
            node("instance", "subflow:sub", [["gan"]])
        ]
        const { spec, nodes } = compile(flow, "train")
        assert.equal(spec.generator.latent_dim, 64)
        assert.equal(nodes["/generator"], "g")
    })

    test("a gan inside one, with modules outside, in front of its input", () => {
        const flow = [
            wired(data, "instance"),
            wired(generator, "instance"),
            wired(discriminator, "instance"),
            subflow([{ wires: [{ id: "gan" }] }], [{ wires: [{ id: "gan", port: 0 }] }]),
            inside(wired(gan)),
            node("instance", "subflow:sub", [["train"]]),
            train
        ]
        assert.deepEqual(compile(flow, "train").problems, [])
        assert.equal(compile(flow, "train").gan, "gan")
        // Seen from inside, the same: all instances feed it.
        assert.deepEqual(compile(flow, "gan").problems, [])
    })

    test("used twice they bring the module twice, which is told once at its node", () => {
        const flow = [
            ...modules.filter(({ id }) => id !== "g"),
            subflow([], [{ wires: [{ id: "g", port: 0 }] }]),
            inside(wired(generator)),
            node("one", "subflow:sub", [["gan"]]),
            node("two", "subflow:sub", [["gan"]])
        ]
        assert.deepEqual(codes(compile(flow, "train")), ["several_modules@g"])
    })

    test("that contain themselves end", () => {
        const flow = [
            ...modules,
            subflow([{ wires: [{ id: "self" }] }], [{ wires: [{ id: "self", port: 0 }] }]),
            inside(node("self", "subflow:sub", [["self"]])),
            node("instance", "subflow:sub", [["gan"]])
        ]
        assert.deepEqual(compile(flow, "train").problems, [])
    })
})
