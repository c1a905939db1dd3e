/** Flows that earlier palettes saved. */
const assert = require("node:assert/strict")
const fs = require("node:fs")
const path = require("node:path")
const { after, before, describe, test } = require("node:test")
const { FakeService } = require("./support/fake-service")
const { until } = require("./support/until")
const { NodeRed } = require("./support/node-red")
const { folder, load } = require("./support/palette")

const { compile } = load("./lib/compile")
const { VERSION, isNewer, migrate } = load("./lib/migrations")

/** As version 1 saved it: the name of a layer was made plain before it was its id. */
const SAVED = JSON.parse(fs.readFileSync(path.join(__dirname, "saved/version-1.json"), "utf8"))
const IDS = ["noise", "first_dense", "conv_a", "gro_e_1"]

const idsOf = (spec) => spec.generator.layers.map(({ id }) => id)

describe("a flow of version 1", () => {
    test("says what it said then", () => {
        const { spec, problems } = compile(SAVED, "train")
        assert.deepEqual(problems, [])
        assert.deepEqual(idsOf(spec), IDS)
    })

    test("is not changed where it was saved", () => {
        const before = JSON.stringify(SAVED)
        compile(SAVED, "train")
        assert.equal(JSON.stringify(SAVED), before)
    })

    test("becomes one of this version, once", () => {
        const migrated = SAVED.map(migrate)
        for (const node of migrated.filter(({ type }) => type.startsWith("authorgan-")))
            assert.equal(node.version, VERSION)
        assert.deepEqual(migrated.map(migrate), migrated)
        assert.deepEqual(idsOf(compile(migrated, "train").spec), IDS)
        const { name } = migrated.find(({ id }) => id === "conv")
        assert.equal(name, "conv_a")
    })
})

test("nodes of others are left alone", () => {
    const inject = { id: "i", type: "inject", name: "Conv-A" }
    assert.deepEqual(migrate(inject), inject)
})

test("what a later palette saved is told, not guessed at", () => {
    const later = SAVED.map((node) => (node.id === "conv" ? { ...node, version: VERSION + 1 } : node))
    assert.ok(isNewer(later.find(({ id }) => id === "conv")))
    assert.deepEqual(
        compile(later, "train").problems.map(({ code, node_id }) => [code, node_id]),
        [["newer_version", "conv"]]
    )
})

test("every node is saved with the version of today", () => {
    const files = fs.readdirSync(path.join(folder, "nodes")).filter((name) => name.endsWith(".html"))
    const definitions = []
    for (const file of files) {
        const html = fs.readFileSync(path.join(folder, "nodes", file), "utf8")
        for (const [, script] of html.matchAll(/<script type="text\/javascript">([\s\S]*?)<\/script>/g))
            new Function("RED", script)({ nodes: { registerType: (type, each) => definitions.push([type, each]) } })
    }
    for (const [type, { defaults, category }] of definitions) {
        if (category !== "config") assert.equal(defaults.version.value, VERSION, type)
    }
})

describe("in a running Node-RED", () => {
    let service
    let nodeRed

    before(async () => {
        service = await new FakeService().start()
        nodeRed = await NodeRed.start(
            SAVED.map((node) => (node.id === "service" ? { ...node, url: service.url } : node))
        )
    })

    after(async () => {
        await nodeRed?.stop()
        await service?.stop()
    })

    test("the train node sends what the drawing said when it was saved", async () => {
        await nodeRed.send("train")
        const [{ body }] = await until(() => {
            const posts = service.requestsTo("POST", /^\/v1\/jobs$/)
            return posts.length > 0 && posts
        }, "a job is submitted")
        assert.deepEqual(idsOf(body), IDS)
    })
})
