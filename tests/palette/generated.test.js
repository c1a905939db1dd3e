/** The package as others read it: fresh, literal, complete. */
const assert = require("node:assert/strict")
const { execFileSync } = require("node:child_process")
const fs = require("node:fs")
const path = require("node:path")
const { describe, test } = require("node:test")
const { folder, load } = require("./support/palette")

const manifest = load("./package.json")
const read = (name) => fs.readFileSync(path.join(folder, name), "utf8")
// The other sets hold many types each; tests/palette/layers.test.js and terms.test.js read those.
const types = Object.keys(manifest["node-red"].nodes).filter((name) =>
    fs.existsSync(path.join(folder, `editor/nodes/${name.replace("authorgan-", "")}`))
)
const examples = fs
    .readdirSync(path.join(folder, "examples"), { recursive: true })
    .filter((name) => name.endsWith(".json"))

/** "a.b.c" -> the text there, or undefined. */
const textAt = (texts, key) => key.split(".").reduce((value, part) => value?.[part], texts)

test("what is generated is fresh", () => {
    execFileSync(process.execPath, [path.join(folder, "scripts/generate.mjs"), "--check"], { stdio: "pipe" })
})

describe("the package", () => {
    test("has few dependencies, none of them native, and runs where Node-RED 4.1 does", () => {
        const dependencies = Object.keys(manifest.dependencies)
        assert.ok(dependencies.length <= 6)
        for (const name of dependencies) {
            const { scripts = {}, gypfile } = load(`./node_modules/${name}/package.json`)
            assert.ok(!gypfile && !scripts.install, `${name} builds something`)
        }
        assert.equal(manifest["node-red"].version, ">=4.1.0")
        assert.equal(manifest.engines.node, ">=20")
    })

    test("names its files, and all of them are there", () => {
        const files = [...Object.values(manifest["node-red"].nodes), ...Object.values(manifest["node-red"].plugins)]
        for (const file of files) assert.ok(fs.existsSync(path.join(folder, file)), file)
    })
})

for (const type of types) {
    describe(type, () => {
        const html = read(`nodes/${type}.html`)
        const texts = JSON.parse(read(`nodes/locales/en-US/${type}.json`))
        const help = read(`nodes/locales/en-US/${type}.html`)
        const [, definition] = /<script type="text\/javascript">([\s\S]*?)<\/script>/.exec(html)

        test("is registered literally, once, where a static reader finds it", () => {
            assert.equal(html.match(/registerType\(/g).length, 1)
            assert.ok(definition.includes(`RED.nodes.registerType("${type}", {`))
            assert.ok(html.includes(`data-template-name="${type}"`))
        })

        test("takes no property name that Node-RED keeps for itself", () => {
            const registered = []
            new Function("RED", definition)({ nodes: { registerType: (...call) => registered.push(call) } })
            for (const name of Object.keys(registered[0][1].defaults)) {
                assert.ok(name.length > 1, name)
                const kept = ["inputLabels", "outputLabels", "valid", "wires", "users", "type", "id", "info", "icon"]
                assert.ok(!kept.includes(name), name)
            }
        })

        test("has a text for every key it uses", () => {
            const dialog = [...html.matchAll(/data-i18n="([^"]+)"/g)].map(([, key]) => key.replace(/^\[\w+\]/, ""))
            const script = [...definition.matchAll(/_\("([\w.]+)"\)/g)].map(([, key]) => key)
            const runtime = [...read(`nodes/${type}.js`).matchAll(/"((?:status|errors)\.\w+)"/g)].map(([, key]) => key)
            for (const key of [...dialog, ...script, ...runtime]) {
                assert.equal(typeof textAt(texts, key), "string", `${type}: ${key}`)
            }
        })

        test("has help that begins with one sentence and names its ports and sources", () => {
            const body = help.replace(/<\/?script[^>]*>/g, "").trim()
            assert.match(body, /^[A-Z][^#\n]+[.?:]/)
            for (const heading of [/inputs: 1/.test(definition) && "Inputs", "Details", "References"].filter(Boolean)) {
                assert.ok(body.includes(`### ${heading}`), heading)
            }
            assert.ok(body.includes('<dl class="message-properties">'))
            assert.ok(!/^\s*: /m.test(body), "a list of message properties was not recognized")
        })

        if (/category: "config"/.test(definition)) return
        test("has an icon: white on nothing, 40 by 60", () => {
            const [, icon] = /icon: "([^"]+)"/.exec(definition)
            const svg = read(`nodes/icons/${icon}`)
            assert.match(svg, /width="40" height="60"/)
            const colours = [...svg.matchAll(/(?:fill|stroke)="([^"]+)"/g)].map(([, colour]) => colour)
            assert.deepEqual(
                [...new Set(colours)].filter((colour) => !["#fff", "none"].includes(colour)),
                []
            )
        })

        test("stands in a category whose name does not split", () => {
            assert.match(definition, /category: "AuthorGAN (modules|work|results)"/)
        })
    })
}

describe("the editor plugin", () => {
    const html = read("plugins/authorgan-editor.html")
    const texts = JSON.parse(read("plugins/locales/en-US/authorgan-editor.json"))

    test("loads nothing: one missing file would keep the editor from starting", () => {
        assert.ok(!/<script[^>]*\bsrc=|<link|@import|https?:\/\/(?!www\.w3\.org|127\.0\.0\.1)/.test(html))
    })

    test("has a text for every key it uses", () => {
        const sources = fs.readdirSync(path.join(folder, "editor/shared")).filter((name) => name.endsWith(".js"))
        const script = sources.map((name) => read(`editor/shared/${name}`)).join("\n")
        const keys = [...script.matchAll(/\btext\("([\w.]+)"/g)].map(([, key]) => key)
        assert.ok(keys.length > 5)
        for (const key of keys) assert.equal(typeof textAt(texts, key), "string", key)
    })

    test("has words for every reason and every problem", () => {
        const reasons = [...read("lib/fields.js").matchAll(/code: "(\w+)"|^ {4}\["(\w+)", \(value/gm)].map(
            (m) => m[1] || m[2]
        )
        for (const code of reasons) assert.equal(typeof texts.reason[code], "string", code)
        const tellers = ["compile", "losses", "optimizers"].map((name) => read(`lib/${name}.js`)).join("")
        const problems = [...tellers.matchAll(/tell\("(\w+)"/g)].map(([, code]) => code)
        const required = ["data", "generator", "discriminator"].map((key) => `no_${key}`)
        for (const code of [...problems, ...required]) assert.equal(typeof texts.problems[code], "string", code)
    })
})

for (const name of examples) {
    describe(`example ${name}`, () => {
        const flow = JSON.parse(read(`examples/${name}`))

        test("explains itself and begins with a button", () => {
            const [comment] = flow.filter(({ type }) => type === "comment")
            assert.ok(comment.info.length > 200)
            assert.ok(flow.some(({ type, name: label }) => type === "inject" && label))
        })

        test("is whole: every wire and every reference leads somewhere, and no two nodes share an id", () => {
            const ids = new Set(flow.map(({ id }) => id))
            assert.equal(ids.size, flow.length)
            for (const node of flow) {
                const references = [
                    ...(node.wires || []).flat(),
                    node.service,
                    node.train,
                    node.g,
                    ...(node.links || [])
                ]
                for (const id of references.filter(Boolean)) assert.ok(ids.has(id), `${node.id} -> ${id}`)
            }
        })

        test("overlaps nothing: the cards below its nodes have their room", () => {
            const seen = flow.filter(({ x, type }) => x !== undefined && type !== "group")
            const hasCard = ({ type, below }) => type === "authorgan-preview" || below
            for (const preview of seen.filter(hasCard)) {
                // A card is as wide as the dialog says and at most this high: a square sheet, its step, a curve.
                const left = preview.x - 100
                const card = {
                    left,
                    right: left + preview.width + 40,
                    top: preview.y + 15,
                    bottom: preview.y + preview.width * 1.6
                }
                for (const { id, x, y } of seen.filter((node) => node !== preview)) {
                    assert.ok(
                        x < card.left || x > card.right || y < card.top || y > card.bottom,
                        `${id} under ${preview.id}`
                    )
                }
            }
        })
    })
}
