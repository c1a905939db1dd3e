/** Parameters as people type them. */
const assert = require("node:assert/strict")
const { describe, test } = require("node:test")
const { load } = require("./support/palette")

const fields = load("./lib/fields")
const catalogue = load("./lib/catalogue.json")

const integer = { type: "integer", minimum: 1, maximum: 4096 }
const number = { type: "number", minimum: 0, exclusiveMaximum: 1 }
const list = {
    type: ["array", "null"],
    items: { type: "integer", minimum: 0, maximum: 9 },
    maxItems: 3,
    uniqueItems: true
}
const wrong = (text, schema) => fields.parse(text, schema).wrong?.code

describe("parse", () => {
    test("an empty field is no value", () => {
        assert.deepEqual(fields.parse("  ", integer), {})
        assert.deepEqual(fields.parse(undefined, integer), {})
    })

    test("numbers, as one writes them", () => {
        assert.equal(fields.parse(" 64 ", integer).value, 64)
        assert.equal(fields.parse("2e-4", number).value, 0.0002)
        assert.equal(fields.parse(".5", number).value, 0.5)
        assert.equal(wrong("64px", integer), "integer")
        assert.equal(wrong("1.5", integer), "integer")
        assert.equal(wrong("0x10", integer), "integer")
        assert.equal(wrong("one", number), "number")
    })

    test("bounds, with the bound that was crossed", () => {
        assert.equal(wrong("0", integer), "minimum")
        assert.equal(wrong("5000", integer), "maximum")
        assert.equal(wrong("1", number), "exclusiveMaximum")
        assert.deepEqual(fields.parse("0", integer).wrong.values, { value: 0, bound: 1 })
    })

    test("lists, by commas, spaces or brackets", () => {
        for (const text of ["1, 2", "1 2", "[1, 2]", "1;2"]) assert.deepEqual(fields.parse(text, list).value, [1, 2])
        assert.equal(wrong("1, x", list), "list")
        assert.equal(wrong("1, 12", list), "maximum")
        assert.equal(wrong("1, 1", list), "uniqueItems")
        assert.equal(wrong("1, 2, 3, 4", list), "maxItems")
    })

    test("choices and truth", () => {
        assert.equal(fields.parse("3", { type: "integer", enum: [1, 3] }).value, 3)
        assert.equal(wrong("2", { type: "integer", enum: [1, 3] }), "choice")
        assert.equal(fields.parse("false", { type: "boolean" }).value, false)
    })

    test("is undone by format", () => {
        for (const [value, schema] of [
            [64, integer],
            [0.0002, number],
            [[1, 2], list],
            [true, { type: "boolean" }]
        ]) {
            assert.deepEqual(fields.parse(fields.format(value), schema).value, value)
        }
        assert.equal(fields.format(null), "")
    })
})

describe("bounds are written in signs", () => {
    for (const [schema, text] of [
        [integer, "1 … 4096"],
        [number, "≥ 0, < 1"],
        [list, "0 … 9"],
        [{ type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER }, "≥ 0"],
        [{ type: "number", exclusiveMinimum: 0, maximum: 10 }, "> 0, ≤ 10"],
        [{ type: "string" }, ""]
    ]) {
        test(text || "nothing", () => assert.equal(fields.bounds(schema), text))
    }
})

describe("a module's parameters", () => {
    const check = (kind, choice, parameters) =>
        fields.checkModule(catalogue, kind, choice, parameters).map(({ parameter, code }) => `${parameter} ${code}`)

    test("are right when nothing was changed", () => {
        for (const [kind, entries] of Object.entries(catalogue)) {
            for (const [choice, { required }] of Object.entries(entries)) {
                const expected = required.map((name) => `${name} required`)
                assert.deepEqual(check(kind, choice, {}), expected, `${kind}/${choice}`)
            }
        }
    })

    test("are told all at once", () => {
        assert.deepEqual(check("generators", "dcgan", { latent_dim: 0, filters: "many", colour: 1 }), [
            "latent_dim minimum",
            "filters integer",
            "colour unknownParameter"
        ])
    })

    test("of a choice that this version does not know", () => {
        assert.deepEqual(check("generators", "biggan", {}), ["choice unknownChoice"])
    })

    test("are checked inside a nested choice, too", () => {
        const schedule = (value) => check("processes", "alternating", { learning_rate_schedule: value })
        assert.deepEqual(schedule("constant"), [])
        assert.deepEqual(schedule({ choice: "cosine" }), [])
        assert.deepEqual(schedule({ choice: "sudden" }), ["choice unknownChoice"])
    })
})
