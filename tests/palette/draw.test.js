/**
 * From a spec to a drawing and back.
 *
 * Two specs are the same when their hashes are. A network that was unfolded is no family any more, and the layers of a
 * drawing stand in the order in which they are followed from the end; so an unfolded drawing is held against the same
 * spec with `custom` for the family's name and its layers in that order. Names, parameters, inputs and shapes of the
 * layers, loss, optimizers and training must be those of the family.
 */
const assert = require("node:assert/strict")
const fs = require("node:fs")
const path = require("node:path")
const { after, describe, test } = require("node:test")
const { folder, load } = require("./support/palette")
const { Resolver } = require("./support/resolver")

const { compile } = load("./lib/compile")
const { drawGan, drawNetwork, questionsOf, unfolded, usualOf } = load("./lib/draw")

const resolver = new Resolver()
after(() => resolver.stop())

/** The drawing of a resolved spec. */
async function draw(spec) {
    const questions = questionsOf(spec)
    const [networks, loss] = [await resolver.resolve(questions.networks), await resolver.resolve(questions.loss)]
    let count = 0
    return drawGan(spec, usualOf(networks.spec, loss.spec), {
        z: "t",
        newId: () => `n${++count}`,
        service: "s",
        titleOf: ({ choice }) => choice,
        titles: { generator: "the generator", discriminator: "the discriminator" },
        color: "#a9b8e0",
        start: "Start"
    })
}

/** What a drawing says, without the ids of its nodes. */
function read(flow) {
    const { spec, problems } = compile(flow, flow.find(({ type }) => type === "authorgan-train").id)
    assert.deepEqual(problems, [])
    return withoutNodes(spec)
}

const withoutNodes = (spec) => JSON.parse(JSON.stringify(spec, (key, value) => (key === "node_id" ? undefined : value)))

/** Draws a spec and reads it again: { drawn, expected } resolved, and the flow. */
async function roundTrip(spec) {
    const flow = await draw(spec)
    const said = read(flow)
    const inOrder = (key) => {
        const { layers } = spec[key]
        if (spec[key].choice !== "custom") return spec[key]
        const byId = new Map(layers.map((layer) => [layer.id, layer]))
        assert.equal(said[key].layers.length, layers.length)
        return { ...spec[key], layers: said[key].layers.map(({ id }) => byId.get(id)) }
    }
    const expected = { ...spec, generator: inOrder("generator"), discriminator: inOrder("discriminator") }
    return { flow, drawn: await resolver.resolve(said), expected: await resolver.resolve(expected) }
}

function assertSame({ drawn, expected }) {
    const bare = ({ spec: { notes, ...spec } }) => spec
    assert.deepEqual(bare(drawn), bare(expected))
    assert.equal(drawn.hash, expected.hash)
}

test("every entry of the zoo is the same GAN when it is drawn as families, and as layers", async () => {
    for (const [name, entry] of Object.entries(await resolver.ask("zoo"))) {
        const { spec, hash } = await resolver.resolve(entry)
        const folded = await roundTrip(spec)
        assertSame(folded)
        assert.equal(folded.drawn.hash, hash, name)
        const layers = await roundTrip(unfolded(spec))
        assertSame(layers)
        for (const key of ["loss", "optimizer", "training", "data"]) assert.deepEqual(layers.drawn.spec[key], spec[key])
    }
})

test("every family in either network is the same when it is unfolded, at more than one size", async () => {
    const { generators, discriminators } = await resolver.ask("families")
    assert.deepEqual(generators, discriminators)
    for (const family of generators) {
        for (const data of [
            { choice: "digits", image_size: 8 },
            { choice: "cifar10", image_size: 32 }
        ]) {
            const both = { authorgan: 1, data, generator: { choice: family }, discriminator: { choice: family } }
            const { spec } = await resolver.resolve(both)
            for (const role of ["generator", "discriminator"]) {
                const result = await roundTrip({ ...spec, [role]: unfolded(spec)[role] })
                assertSame(result)
                assert.equal(result.drawn.spec[role].parameter_count, spec[role].parameter_count)
            }
        }
    }
})

test("every example says the same when it is drawn anew: branches, skips, subflows and all", async () => {
    const flows = path.join(folder, "..", "flows")
    let drawn = 0
    for (const name of fs.readdirSync(flows, { recursive: true }).filter((each) => each.endsWith(".json"))) {
        const flow = JSON.parse(fs.readFileSync(path.join(flows, name), "utf8"))
        for (const { id } of flow.filter(({ type }) => type === "authorgan-gan")) {
            const { spec } = await resolver.resolve(withoutNodes(compile(flow, id).spec))
            assertSame(await roundTrip(spec))
            drawn += 1
        }
    }
    assert.ok(drawn > 10, `${drawn} examples`)
})

test("a frozen layer stays frozen, and the others learn", async () => {
    const data = { choice: "digits" }
    const { spec } = await resolver.resolve({
        data,
        generator: { choice: "dcgan" },
        discriminator: { choice: "dcgan" }
    })
    const given = unfolded(spec)
    const dense = given.generator.layers.find(({ type }) => type === "Dense")
    dense.trainable = false
    const { drawn, expected, flow } = await roundTrip((await resolver.resolve(given)).spec)
    assertSame({ drawn, expected })
    const frozen = drawn.spec.generator.layers.filter(({ trainable }) => trainable === false)
    assert.deepEqual(
        frozen.map(({ id }) => id),
        [dense.id]
    )
    assert.equal(flow.filter(({ trainable }) => trainable === false).length, 1)
})

test("the run that a network starts from and its frozen layers are kept, drawn as a family and as layers", async () => {
    const { spec } = await resolver.resolve({
        data: { choice: "digits" },
        generator: { choice: "dcgan", weights: { job: "a-run", replace: ["dense_1"] } },
        discriminator: { choice: "dcgan", frozen: ["conv*"] }
    })
    for (const given of [spec, unfolded(spec)]) {
        const { drawn, expected, flow } = await roundTrip(given)
        assertSame({ drawn, expected })
        assert.deepEqual(drawn.spec.generator.weights, spec.generator.weights)
        assert.deepEqual(drawn.spec.discriminator.frozen, ["conv*"])
        // Said once: not by each of the layers as well.
        assert.deepEqual(
            flow.filter(({ trainable }) => trainable === false),
            []
        )
    }
})

describe("random networks", () => {
    /** Numbers in [0, 1) that are the same each time (mulberry32). */
    function randomFrom(seed) {
        let state = seed
        return () => {
            state = (state + 0x6d2b79f5) | 0
            let t = Math.imul(state ^ (state >>> 15), 1 | state)
            t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
            return ((t ^ (t >>> 14)) >>> 0) / 4294967296
        }
    }

    /** Layers on 4 numbers each, wired at random; joins take what they please, also twice; nothing leads nowhere. */
    function randomLayers(seed, count) {
        const random = randomFrom(seed)
        const pick = (items) => items[Math.floor(random() * items.length)]
        const made = [{ id: "noise", type: "Input", source: "noise", shape: [4], inputs: [], output_shape: [4] }]
        const unused = new Set(["noise"])
        const add = (type, inputs, more = {}) => {
            const id = random() < 0.3 ? `L-${made.length}` : `${type.toLowerCase()}_${made.length}`
            for (const input of inputs) unused.delete(input)
            made.push({ id, type, inputs, output_shape: [4], ...more })
            unused.add(id)
        }
        while (made.length < count) {
            const near = () => pick(made.slice(-6)).id
            const kind = pick(["ReLU", "Dense", "Subtract", "Add", "Multiply"])
            if (kind === "ReLU") add(kind, [near()])
            else if (kind === "Dense") add(kind, [near()], { units: 4 })
            else if (kind === "Subtract") add(kind, [near(), near()])
            else add(kind, [near(), near(), near()].slice(0, 2 + Math.floor(random() * 2)))
        }
        if (unused.size > 1) add("Add", [...unused].sort())
        return made
    }

    test("keep the id of each layer and the order of its inputs, and put no two nodes in one place", () => {
        for (let seed = 0; seed < 60; seed += 1) {
            const layers = randomLayers(seed, 5 + seed)
            let last = 0
            const newId = () => `n${++last}`
            const module = { id: "g", type: "authorgan-generator", choice: "custom", parameters: {}, x: 200, y: 0 }
            const place = { z: "t", top: 100, newId, title: "", color: "#fff" }
            const { nodes, wire } = drawNetwork(layers, { ...module, w: 100 }, place)
            nodes.find(({ id }) => id === wire.from).wires[0].push(wire.to)
            const gan = { id: "gan", type: "authorgan-gan" }
            const { spec } = compile([...nodes, { ...module, wires: [["gan"]] }, gan], "gan")
            const inputsOf = (some) => Object.fromEntries(some.map(({ id, inputs }) => [id, inputs]))
            assert.deepEqual(inputsOf(spec.generator.layers), inputsOf(layers), `seed ${seed}`)

            const at = nodes.map(({ x, y }) => `${x},${y}`)
            assert.equal(new Set(at).size, at.length, `seed ${seed}`)
        }
    })
})
