/** The arithmetic of the chart node: what a training tells becomes points. */
const assert = require("node:assert/strict")
const { describe, test } = require("node:test")
const { load } = require("./support/palette")

const { Chart, messagesOf, thinned } = load("./lib/chart")

const loss = (points, job = "a") => ({ topic: "loss", job, payload: { type: "loss", points } })

describe("a chart", () => {
    test("draws both losses, step by step, each once", () => {
        const chart = new Chart({ show: "losses" })
        assert.ok(chart.add(loss([[1, 0.5, 1.5]])))
        assert.ok(
            chart.add(
                loss([
                    [1, 0.5, 1.5],
                    [2, 0.25, null]
                ])
            ),
            "only what is new"
        )
        assert.deepEqual(chart.take(), {
            isNew: true,
            points: [
                { series: "generator", x: 1, y: 0.5 },
                { series: "discriminator", x: 1, y: 1.5 },
                { series: "generator", x: 2, y: 0.25 }
            ]
        })
        assert.ok(!chart.add(loss([[2, 0.25, null]])))
        assert.ok(!chart.add({ topic: "progress", job: "a", payload: { step: 3, images_per_second: 9 } }))
        assert.deepEqual(chart.take(), { isNew: false, points: [] })
    })

    test("begins anew with another training, and leaves the earlier one alone from then on", () => {
        const chart = new Chart({ show: "losses" })
        chart.add(loss([[7, 1, 1]], "a"))
        chart.take()
        assert.ok(chart.add(loss([[1, 2, 2]], "b")))
        assert.ok(!chart.add(loss([[8, 1, 1]], "a")))
        const { isNew, points } = chart.take()
        assert.ok(isNew)
        assert.deepEqual(
            points.map(({ x }) => x),
            [1, 1]
        )
    })

    test("draws scores as a train node tells them and as an evaluate node answers, and the speed", () => {
        const scores = new Chart({ show: "scores" })
        scores.add({ topic: "metric", job: "a", payload: { step: 10, name: "precision", value: 0.25 } })
        scores.add({ job: "a", step: 20, payload: { precision: { value: 0.5 }, recall: { value: null } } })
        assert.ok(!scores.add({ job: "a", step: 30, payload: "nothing of the kind" }))
        assert.deepEqual(
            scores.take().points.map(({ series, x, y }) => [series, x, y]),
            [
                ["precision", 10, 0.25],
                ["precision", 20, 0.5]
            ]
        )
        const speed = new Chart({ show: "speed" })
        speed.add({ topic: "progress", job: "a", payload: { step: 4, images_per_second: 900 } })
        assert.deepEqual(speed.take().points, [{ series: "images a second", x: 4, y: 900 }])
    })

    test("is smoothed by distance: within as many steps a value's share falls to 1/e", () => {
        const chart = new Chart({ show: "losses", smoothing: 10 })
        chart.add(
            loss([
                [0, 1, null],
                [10, 0, null]
            ])
        )
        const [first, second] = chart.take().points
        assert.equal(first.y, 1)
        const left = Math.exp(-1)
        assert.ok(Math.abs(second.y - left / (1 + left)) < 1e-12)
        chart.add(loss([[10_000, 0, null]]))
        assert.ok(chart.take().points[0].y < 1e-12, "from one batch of points to the next, too")
    })
})

describe("thinning", () => {
    const points = Array.from({ length: 1000 }, (_, x) => ({ x, y: Math.sin(x / 50) }))

    test("keeps every spike and the last point, in order", () => {
        const spiked = points.map((point) => (point.x === 321 ? { x: 321, y: 90 } : point))
        const few = thinned(spiked, 21)
        assert.ok(few.length <= 21)
        assert.equal(Math.max(...few.map(({ y }) => y)), 90)
        assert.equal(few.at(-1).x, 999)
        assert.deepEqual(
            few,
            [...few].sort((a, b) => a.x - b.x)
        )
    })

    test("leaves alone what fits, and holds to its limit whatever it is", () => {
        assert.equal(thinned(points, 1000), points)
        for (const most of [3, 4, 5, 99]) assert.ok(thinned(points, most).length <= most, `${most}`)
    })
})

describe("what is handed on", () => {
    const points = [
        { series: "generator", x: 1, y: 0.123456 },
        { series: "discriminator", x: 1, y: 2 },
        { series: "generator", x: 2, y: 0.5 }
    ]

    test("is one array, which takes the place of another training's", () => {
        assert.deepEqual(messagesOf("array", { isNew: true, points }), [{ action: "replace", payload: points }])
        assert.equal(messagesOf("array", { isNew: false, points })[0].action, "append")
    })

    test("is a message a point, of which only the first clears", () => {
        assert.deepEqual(messagesOf("topics", { isNew: true, points: points.slice(0, 2) }), [
            { topic: "generator", action: "replace", payload: { x: 1, y: 0.123456 } },
            { topic: "discriminator", action: "append", payload: { x: 1, y: 2 } }
        ])
    })

    test("is plain: the newest of each", () => {
        assert.deepEqual(messagesOf("plain", { isNew: true, points }), [
            { payload: { step: 2, generator: 0.5, discriminator: 2 } }
        ])
    })

    test("is nothing where there is nothing", () => {
        for (const form of ["array", "topics", "plain"])
            assert.deepEqual(messagesOf(form, { isNew: true, points: [] }), [])
    })
})
