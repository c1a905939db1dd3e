/** What a node asks the service for: the message before the dialog. */
const assert = require("node:assert/strict")
const { describe, test } = require("node:test")
const { load } = require("./support/palette")

const { wishesOf } = load("./lib/wishes")

const KINDS = { count: "number", labels: "numbers", method: "text", tags: "texts", noise: "message" }

describe("wishes", () => {
    test("are read from a dialog's texts; an empty one wishes nothing", () => {
        const dialog = { count: " 16 ", labels: "7, 1;3", method: "linear", tags: " keep , of tuesday,", noise: "1" }
        assert.deepEqual(wishesOf({}, dialog, KINDS), {
            count: 16,
            labels: [7, 1, 3],
            method: "linear",
            tags: ["keep", "of tuesday"]
        })
        assert.deepEqual(wishesOf({}, { count: "", labels: " ", method: "", tags: "," }, KINDS), {})
    })

    test("of a message come first, zero among them; one for a list is a list of one", () => {
        const dialog = { count: "16", labels: "7", method: "linear" }
        const msg = { count: 0, labels: 3, noise: [[0.5]], payload: "of no concern" }
        assert.deepEqual(wishesOf(msg, dialog, KINDS), { count: 0, labels: [3], method: "linear", noise: [[0.5]] })
    })
})
