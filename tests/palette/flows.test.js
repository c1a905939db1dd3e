/** The example flows: each GAN in them is whole and resolves, and together they show every node of the palette. */
const assert = require("node:assert/strict")
const fs = require("node:fs")
const path = require("node:path")
const { after, describe, test } = require("node:test")
const { folder: palette, load } = require("./support/palette")
const { Resolver } = require("./support/resolver")

const { compile } = load("./lib/compile")
const manifest = load("./package.json")

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

describe("every flow", () => {
    for (const { name, nodes } of flows) {
        test(`${name} is explained, and its ids are its own`, () => {
            assert.ok(nodes.some(({ type, info }) => type === "comment" && info.length > 100))
            const others = flows.filter((flow) => flow.name !== name).flatMap((flow) => flow.nodes.map(({ id }) => id))
            assert.deepEqual(
                nodes.map(({ id }) => id).filter((id) => others.includes(id)),
                []
            )
        })
    }
})

test("every node of the palette is in an example", () => {
    const types = Object.values(manifest["node-red"].nodes).flatMap((file) => {
        const html = fs.readFileSync(path.join(palette, file.replace(/\.js$/, ".html")), "utf8")
        return [...html.matchAll(/registerType\("([^"]+)"/g)].map(([, type]) => type)
    })
    const shown = new Set(flows.flatMap(({ nodes }) => nodes.map(({ type }) => type)))
    assert.ok(types.length > 80)
    assert.deepEqual(
        types.filter((type) => !shown.has(type)),
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
