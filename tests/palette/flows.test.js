/** The example flows: each GAN in them is whole and resolves, and what the comments say of shapes is so. */
const assert = require("node:assert/strict")
const fs = require("node:fs")
const path = require("node:path")
const { after, describe, test } = require("node:test")
const { load } = require("./support/palette")
const { Resolver } = require("./support/resolver")

const { compile } = load("./lib/compile")

const folder = path.resolve(__dirname, "../../flows")
const flows = fs
    .readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(".json"))
    .map((name) => ({ name, nodes: JSON.parse(fs.readFileSync(path.join(folder, name), "utf8")) }))

const resolver = new Resolver()
after(() => resolver.stop())

describe("every GAN", () => {
    for (const { name, nodes } of flows) {
        for (const { id } of nodes.filter(({ type }) => type === "authorgan-gan")) {
            test(`of ${name}, ${id}`, async () => {
                const { spec, problems } = compile(nodes, id)
                assert.deepEqual(problems, [])
                const resolved = (await resolver.resolve(spec)).spec
                assert.deepEqual(resolved.notes, [])
            })
        }
    }
})

describe("a hidden layer that a node names is one of what is trained there", () => {
    for (const { name, nodes } of flows) {
        for (const { id, train, layer, network = "generator" } of nodes.filter((node) => node.train && node.layer)) {
            test(`of ${name}, ${id}`, async () => {
                const { spec } = await resolver.resolve(compile(nodes, train).spec)
                assert.ok(spec[network].layers.map((each) => each.id).includes(layer), layer)
            })
        }
    }
})

test("no two flows share an id, so that all can be imported beside each other", () => {
    const ids = flows.flatMap(({ nodes }) => nodes.map(({ id }) => id))
    assert.deepEqual(
        ids.filter((id, index) => ids.indexOf(id) !== index),
        []
    )
})

/** "16×8 → 8×8: halves" and "8×8 stays" -> "8×8"; of other words nothing. */
const shapeIn = (words) => words.match(/→ (\d+(?:×\d+)*)/)?.[1] || words.match(/^(\d+(?:×\d+)*) stays/)?.[1]

describe("a layer's comment tells the shape that comes out of it", () => {
    for (const { name, nodes } of flows.filter(({ name }) => name.startsWith("Layers"))) {
        test(name, async () => {
            const byId = new Map(nodes.map((node) => [node.id, node]))
            const layers = nodes.filter(({ type }) => type.startsWith("authorgan-layer-"))
            assert.deepEqual(
                layers.map(({ id }) => id).filter((id) => !byId.get(`${id}-says`)?.name),
                []
            )
            let told = 0
            for (const { id } of nodes.filter(({ type }) => type === "authorgan-gan")) {
                const { spec } = await resolver.resolve(compile(nodes, id).spec)
                for (const { node_id: node, output_shape: shape } of [
                    ...spec.generator.layers,
                    ...spec.discriminator.layers
                ]) {
                    const said = shapeIn(byId.get(`${node}-says`).name)
                    if (!said) continue
                    assert.equal(said, shape.join("×"), node)
                    told += 1
                }
            }
            assert.ok(told >= 8)
        })
    }
})
