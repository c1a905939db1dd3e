/** Light and dark: all that the palette draws by itself takes its colours from the editor's theme. */
const assert = require("node:assert/strict")
const fs = require("node:fs")
const path = require("node:path")
const { test } = require("node:test")
const { folder, load } = require("./support/palette")

const editor = path.join(folder, "editor")
const sheets = fs.readdirSync(editor, { recursive: true }).filter((name) => name.endsWith(".css"))
const rules = sheets
    .map((name) => fs.readFileSync(path.join(editor, name), "utf8").replace(/\/\*.*?\*\//gs, ""))
    .flatMap((sheet) => [...sheet.matchAll(/([^{}]+)\{([^{}]*)\}/g)].map(([, selector, body]) => ({ selector, body })))

test("a colour of one's own is a line's, a dot's or a bar's, and seen on light and on dark; text has the theme's", () => {
    const declarations = rules.flatMap(({ body }) => body.split(";").map((line) => line.trim().split(/\s*:\s*/)))
    const own = declarations.filter(([, value]) => /#[0-9a-f]{3,8}\b|\brgba?\(|^(white|black)$/i.test(value || ""))
    assert.ok(own.length > 0)
    for (const [property, value] of own) {
        assert.ok(["stroke", "fill", "background", "border-left-color"].includes(property), `${property}: ${value}`)
        assert.match(value, /^#[0-9a-f]{6}$/, "a plain colour")
        for (const ground of ["#ffffff", "#1a1a1f"])
            assert.ok(contrast(luminance(value), luminance(ground)) >= 2.5, `${value} on ${ground}`)
    }
})

test("every variable of the theme is one that Node-RED has", () => {
    const client = path.dirname(load.resolve("@node-red/editor-client/package.json"))
    const theirs = fs.readFileSync(path.join(client, "public/red/style.min.css"), "utf8")
    const used = new Set(
        rules.flatMap(({ body }) => [...body.matchAll(/var\((--red-ui-[\w-]+)/g)].map(([, name]) => name))
    )
    assert.ok(used.size > 3)
    for (const name of used) assert.ok(theirs.includes(`${name}:`), name)
})

/** Relative luminance and contrast as WCAG 2 defines them. */
function luminance(colour) {
    const [red, green, blue] = [1, 3, 5].map((at) => {
        const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

const contrast = (one, other) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
