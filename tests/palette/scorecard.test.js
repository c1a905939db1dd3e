/**
 * What the developer scorecard of Node-RED asks of a palette, as far as it can be told without the network.
 * `make scorecard` runs the scorecard itself.
 */
const assert = require("node:assert/strict")
const fs = require("node:fs")
const path = require("node:path")
const { describe, test } = require("node:test")
const { folder, load } = require("./support/palette")

const manifest = load("./package.json")
const semver = load("semver")
const read = (name) => fs.readFileSync(path.join(folder, name), "utf8")
const dependenciesOf = (name) => JSON.parse(fs.readFileSync(path.join(__dirname, name), "utf8")).dependencies
const node5 = dependenciesOf("../e2e/node-red-5/package.json")

/** Every node type, in the order of the files. */
const types = Object.values(manifest["node-red"].nodes).flatMap((file) => {
    const found = []
    const RED = { nodes: { registerType: (type) => found.push(type) } }
    for (const [, script] of read(file.replace(/js$/, "html")).matchAll(
        /<script type="text\/javascript">([\s\S]*?)<\/script>/g
    ))
        new Function("RED", script)(RED)
    return found
})

describe("the scorecard", () => {
    test("P01, P04, P05: a licence, a scope, and the keyword that the flow library looks for", () => {
        assert.equal(manifest.license, "Apache-2.0")
        assert.match(manifest.name, /^@[a-z\d][\w-.]+\/node-red-contrib-[a-z]+$/)
        assert.ok(manifest.keywords.includes("node-red"))
    })

    test("P06, P07: fits Node-RED 4.1 and 5, and the Node.js that the newer one needs", () => {
        for (const version of [load("node-red/package.json").version, node5["node-red"]])
            assert.ok(semver.satisfies(version, manifest["node-red"].version), version)
        assert.ok(semver.satisfies(node5.node, manifest.engines.node))
    })

    test("N01: no node type twice", () => {
        assert.equal(new Set(types).size, types.length)
    })

    test("N02: every node stands in an example", () => {
        const examples = fs.readdirSync(path.join(folder, "examples"), { recursive: true })
        const flows = examples
            .filter((name) => name.endsWith(".json"))
            .map((name) => JSON.parse(read(`examples/${name}`)))
        const used = new Set(flows.flat().map(({ type }) => type))
        assert.deepEqual(
            types.filter((type) => !used.has(type)),
            []
        )
    })

    test("D01: at most six dependencies", () => {
        assert.ok(Object.keys(manifest.dependencies).length <= 6)
    })
})
