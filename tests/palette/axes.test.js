/** Axes of parallel coordinates: where values stand, and which runs a choice on them leaves. */
const assert = require("node:assert/strict")
const { describe, test } = require("node:test")
const { load } = require("./support/palette")

const { axisOf, within, MARGIN } = load("./lib/axes")

const close = (actual, expected) => assert.ok(Math.abs(actual - expected) < 1e-12, `${actual} is not ${expected}`)

describe("an axis", () => {
    test("of numbers runs from the least to the greatest", () => {
        const { numeric, ticks, place } = axisOf([3, 1, 2, null])
        assert.ok(numeric)
        assert.deepEqual(
            ticks.map(({ value }) => value),
            [1, 3]
        )
        close(place(1), MARGIN)
        close(place(2), 0.5)
        close(place(3), 1 - MARGIN)
        assert.equal(place(null), null)
    })

    test("of numbers of different sizes is logarithmic, so that learning rates stand apart", () => {
        const { place } = axisOf([1e-5, 1e-4, 1e-3])
        close(place(1e-4), 0.5)
    })

    test("with numbers of zero and below stays linear", () => {
        close(axisOf([-100, 0, 100]).place(0), 0.5)
    })

    test("of anything else has a place for each value, in the order of the runs", () => {
        const { numeric, ticks, place } = axisOf(["dcgan", "gan", "dcgan", undefined, [1, 2]])
        assert.ok(!numeric)
        assert.deepEqual(
            ticks.map(({ value }) => value),
            ["dcgan", "gan", [1, 2]]
        )
        close(place("gan"), 0.5)
        close(place([1, 2]), 1 - MARGIN)
        assert.equal(place(undefined), null)
    })

    test("tells what stands at a place of it: the number there, or the nearest of the values", () => {
        const { valueAt } = axisOf([1e-5, 1e-3])
        assert.ok(Math.abs(valueAt(0.5) - 1e-4) < 1e-12)
        close(valueAt(0), 1e-5)
        assert.equal(axisOf(["a", "b", "c"]).valueAt(0.6), "b")
    })

    test("with one value has it in the middle", () => {
        close(axisOf([7, 7]).place(7), 0.5)
        close(axisOf(["gan"]).place("gan"), 0.5)
    })

    test("without any value has no ticks", () => {
        assert.deepEqual(axisOf([null, undefined]).ticks, [])
    })
})

test("a choice on several axes leaves the runs within all of them; one that lacks the value is outside", () => {
    const places = [
        [0.1, 0.5, 0.9, 0.5],
        [0.2, 0.2, 0.2, null]
    ]
    assert.deepEqual(within(places, [null, null]), [true, true, true, true])
    assert.deepEqual(within(places, [[0.4, 1], null]), [false, true, true, true])
    assert.deepEqual(
        within(places, [
            [0.4, 0.6],
            [0, 0.3]
        ]),
        [false, true, false, false]
    )
})
