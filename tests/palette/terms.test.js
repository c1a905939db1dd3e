/** Losses, regularizers and optimizers as nodes: what a drawing of them says, and that each is complete. */
const assert = require("node:assert/strict")
const { describe, test } = require("node:test")
const { load } = require("./support/palette")
const { node, tab } = require("./support/flows")
const { readSet } = require("./support/sets")

const { compile, nodeAt } = load("./lib/compile")
const { nodeType } = load("./lib/entries")
const { entryOf } = load("./lib/modules")
const fields = load("./lib/fields")
const catalogue = load("./lib/catalogue.json")

/** A node of one entry: its id, kind and name in the catalogue, what it is wired into, its parameters and more. */
const entry = (id, kind, name, to, parameters = {}, more = {}) =>
    node(id, nodeType(kind, name), [to], { parameters, ...more })
const loss = (id, name, to, parameters) => entry(id, "losses", name, to, parameters)
const regularizer = (id, name, to, parameters) => entry(id, "regularizers", name, to, parameters)
const optimizer = (id, name, to, network, parameters = {}) => entry(id, "optimizers", name, to, parameters, { network })

const base = [
    tab,
    node("d", "authorgan-data", [["gan"]], { choice: "digits", parameters: {} }),
    node("g", "authorgan-generator", [["gan"]], { choice: "dcgan", parameters: {} }),
    node("c", "authorgan-discriminator", [["gan"]], { choice: "dcgan", parameters: {} }),
    node("gan", "authorgan-gan", [[]], { parameters: {} })
]
const of = (...drawn) => compile([...base, ...drawn], "gan")
const codes = ({ problems }) => problems.map(({ code, node_id }) => `${code}@${node_id}`)

describe("a loss", () => {
    test("is the one that its node is, with what was changed", () => {
        const { spec, nodes, problems } = of(loss("l", "least_squares", ["gan"], { real_target: 0.9 }))
        assert.deepEqual(spec.loss, { choice: "least_squares", real_target: 0.9 })
        assert.equal(nodes["/loss"], "l")
        assert.deepEqual(problems, [])
    })

    test("takes the regularizers that are wired into it, and each is responsible for itself", () => {
        const { spec, nodes } = of(
            loss("l", "hinge", ["gan"]),
            regularizer("a", "r1", ["l"], { weight: 5 }),
            regularizer("b", "weight_clipping", ["j"]),
            node("j", "junction", [["l"]])
        )
        assert.deepEqual(spec.loss, {
            choice: "hinge",
            regularizers: [{ choice: "r1", weight: 5 }, { choice: "weight_clipping" }]
        })
        assert.equal(nodeAt(nodes, "/loss/regularizers/1/limit"), "b")
    })

    test("is left to the critic where only a regularizer is drawn", () => {
        const { spec, nodes } = of(regularizer("a", "r1", ["gan"]))
        assert.deepEqual(spec.loss, { regularizers: [{ choice: "r1" }] })
        assert.equal(nodeAt(nodes, "/loss/regularizers/0"), "a")
        assert.equal(nodeAt(nodes, "/loss"), "gan")
    })

    test("keeps what its dialog holds, and adds what is wired in", () => {
        const generic = node("l", "authorgan-loss", [["gan"]], {
            choice: "wasserstein",
            parameters: {},
            regularizers: [{ choice: "gradient_penalty" }]
        })
        const { spec, problems } = of(generic, regularizer("a", "r1", ["l"]))
        assert.deepEqual(spec.loss.regularizers, [{ choice: "gradient_penalty" }, { choice: "r1" }])
        assert.deepEqual(problems, [])
        assert.deepEqual(codes(of(generic, regularizer("a", "gradient_penalty", ["l"]))), [
            "several_regularizers@l",
            "several_regularizers@a"
        ])
    })

    test("stands once", () => {
        const drawn = of(loss("l1", "hinge", ["gan"]), loss("l2", "minimax", ["gan"]))
        assert.deepEqual(codes(drawn), ["several_modules@l1", "several_modules@l2"])
        assert.equal(drawn.spec.loss.choice, "hinge")
    })

    test("takes nothing but regularizers, and each of them once", () => {
        const twice = of(
            loss("l", "hinge", ["gan"]),
            regularizer("a", "r1", ["l"]),
            regularizer("b", "r1", ["gan"], { weight: 1 })
        )
        assert.deepEqual(codes(twice), ["several_regularizers@a", "several_regularizers@b"])
        assert.deepEqual(codes(of(loss("l", "hinge", ["gan"]), regularizer("a", "r1", ["l", "gan"]))), [])
        assert.deepEqual(codes(of(loss("l", "hinge", ["gan"]), optimizer("o", "adam", ["l"]))), ["module_into_loss@o"])
    })
})

describe("an optimizer", () => {
    test("wired into the gan trains both networks, or the one that its dialog names", () => {
        assert.deepEqual(of(optimizer("o", "lion", ["gan"])).spec.optimizer, { choice: "lion" })
        const { spec, nodes } = of(optimizer("o", "lion", ["gan"], "discriminator", { learning_rate: 0.01 }))
        assert.deepEqual(spec.optimizer, { discriminator: { choice: "lion", learning_rate: 0.01 } })
        assert.equal(nodes["/optimizer/discriminator"], "o")
    })

    test("wired into a network trains that one, and one in the gan the other", () => {
        const { spec, nodes, problems } = of(optimizer("o1", "sgd", ["g"]), optimizer("o2", "adam", ["gan"]))
        assert.deepEqual(spec.optimizer, { generator: { choice: "sgd" }, discriminator: { choice: "adam" } })
        assert.deepEqual([nodes["/optimizer/generator"], nodes["/optimizer/discriminator"]], ["o1", "o2"])
        assert.deepEqual(problems, [])
    })

    test("wired into both networks trains both", () => {
        const { spec, problems } = of(optimizer("o", "adam", ["g", "c"], "both"))
        assert.deepEqual(spec.optimizer, { generator: { choice: "adam" }, discriminator: { choice: "adam" } })
        assert.deepEqual(problems, [])
    })

    test("beside layers leaves the network to its layers", () => {
        const input = node("n", "authorgan-layer-input", [["g"]], { parameters: { source: "noise" } })
        const { spec, problems } = of(input, optimizer("o", "adam", ["g"]))
        assert.deepEqual(
            spec.generator.layers.map(({ type }) => type),
            ["Input"]
        )
        assert.deepEqual(problems, [])
    })

    test("is one for each network", () => {
        const several = ["several_optimizers@o1", "several_optimizers@o2"]
        const two = (to, network) => [optimizer("o1", "adam", ["g"]), optimizer("o2", "sgd", to, network)]
        assert.deepEqual(codes(of(...two(["g"]))), several)
        assert.deepEqual(codes(of(...two(["gan"], "generator"))).sort(), several)
        assert.deepEqual(codes(of(...two(["gan"]), optimizer("o3", "lion", ["c"]))), ["idle_optimizer@o2"])
    })

    test("of the other network is told where it is wired", () => {
        assert.deepEqual(codes(of(optimizer("o", "adam", ["g"], "discriminator"))), ["optimizer_elsewhere@o"])
    })
})

test("what is wired to a place where it says nothing is told", () => {
    assert.deepEqual(codes(of(loss("l", "hinge", ["g"]))), ["module_into_network@l"])
    const layer = node("n", "authorgan-layer-input", [["gan"]], { parameters: { source: "noise" } })
    assert.deepEqual(codes(of(layer)), ["layer_into_gan@n"])
})

const SETS = { losses: "authorgan-losses", regularizers: "authorgan-losses", optimizers: "authorgan-optimizers" }
const CATEGORIES = { losses: "loss", regularizers: "loss", optimizers: "optimization" }

for (const [kind, set] of Object.entries(SETS)) {
    describe(`every entry of ${kind}`, () => {
        const { definitions, texts, dialogOf, helpOf, icon } = readSet(set)

        for (const name of Object.keys(catalogue[kind])) {
            test(`${name}: a node that is complete, and valid as it comes out of the palette`, () => {
                const type = nodeType(kind, name)
                const definition = definitions.get(type)
                assert.deepEqual(entryOf(type), { kind, name })
                assert.equal(definition.category, `AuthorGAN ${CATEGORIES[kind]}`)
                assert.equal(texts.palette.label[definition.category.replace(/ /g, "_")], definition.category)
                assert.match(icon(definition), /width="40" height="60"/)
                assert.equal(definition.inputs, kind === "losses" ? 1 : 0)
                assert.deepEqual(definition.defaults.network?.value, kind === "optimizers" ? "both" : undefined)
                assert.deepEqual(fields.checkModule(catalogue, kind, name, definition.defaults.parameters.value), [])
                assert.equal(typeof texts.ports[kind], "string")
                for (const key of dialogOf(type).keys) assert.equal(typeof key.text, "string", key.name)

                const help = helpOf(type)
                assert.match(help, /^[A-Z][^#\n]+[.?:]/)
                for (const heading of ["Outputs", "Details", "References"]) assert.ok(help.includes(`### ${heading}`))
                assert.match(help, /\[[^\]]+\d{4}[^\]]*\]\(https:/, "a paper with its year")
            })
        }

        test("is all there is", () => {
            const types = [...definitions.keys()].filter((type) => entryOf(type).kind === kind)
            assert.deepEqual(
                types.sort(),
                Object.keys(catalogue[kind])
                    .map((name) => nodeType(kind, name))
                    .sort()
            )
        })
    })
}
