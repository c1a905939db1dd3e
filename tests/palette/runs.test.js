/** What the sidebar of runs is made of: smoothing, and the way to the service. */
const assert = require("node:assert/strict")
const { after, before, describe, test } = require("node:test")
const { FakeService } = require("./support/fake-service")
const { until } = require("./support/until")
const { NodeRed } = require("./support/node-red")
const { load } = require("./support/palette")

const { exponential, rolling, withoutOutliers } = load("./lib/smoothing")

describe("a moving average", () => {
    test("halves what is left of a value with each thousandth of the width, at a weight of one half", () => {
        // Sums 0, 1, ½ over masses 1, 1½, 1¾.
        const xs = [0, 1, 2]
        const [a, b, c] = exponential([...xs, 1000], [0, 1, 0, 0], 0.5)
        assert.deepEqual([a, b, c], [0, 1 / 1.5, 0.5 / 1.75])
    })

    test("leaves a level as it is, whatever the weight", () => {
        assert.deepEqual(exponential([0, 1, 5, 9], [3, 3, 3, 3], 0.9), [3, 3, 3, 3])
    })

    test("goes by distance: the same curve with half its points is smoothed alike", () => {
        const xs = Array.from({ length: 2001 }, (_, at) => at)
        const ys = xs.map((x) => Math.sin(x / 200))
        const whole = exponential(xs, ys, 0.9)
        const every = (values) => values.filter((_, at) => at % 2 === 0)
        const half = exponential(every(xs), every(ys), 0.9)
        for (let at = 100; at < half.length; at += 50) assert.ok(Math.abs(half[at] - whole[2 * at]) < 0.01)
    })

    test("keeps gaps, and draws nothing from them", () => {
        assert.deepEqual(exponential([0, 1, 2], [4, null, 4], 0.5), [4, null, 4])
    })

    test("does nothing without a weight", () => {
        const ys = [1, 2]
        assert.equal(exponential([0, 1], ys, 0), ys)
    })
})

describe("a rolling mean", () => {
    test("is the mean of what lies within half a window to either side", () => {
        assert.deepEqual(rolling([0, 1, 2, 3, 4], [0, 10, 20, 30, 100], 0.5), [5, 10, 20, 50, 65])
    })

    test("counts what was measured only", () => {
        assert.deepEqual(rolling([0, 1, 2], [1, null, 3], 1), [1, null, 3])
    })
})

describe("the range without outliers", () => {
    test("leaves out a share at either end", () => {
        const values = Array.from({ length: 101 }, (_, at) => at)
        assert.deepEqual(withoutOutliers([values], 0.01), [1, 99])
    })

    test("has room around a single value, and is nothing without any", () => {
        assert.deepEqual(withoutOutliers([[2, 2], [null]], 0.01), [1.5, 2.5])
        assert.equal(withoutOutliers([[], [null]], 0.01), null)
    })
})

describe("the way to the service", () => {
    let service
    let nodeRed

    before(async () => {
        service = await new FakeService().start()
        const flow = [{ id: "service", type: "authorgan-service", url: service.url, credentials: { key: "secret" } }]
        nodeRed = await NodeRed.start([])
        await nodeRed.deploy(flow)
    })

    after(async () => {
        await nodeRed?.stop()
        await service?.stop()
    })

    const ask = (path, options) => fetch(`${nodeRed.url}/authorgan/service/${path}`, options)

    test("leads through Node-RED, with the saved key and with whatever was asked for", async () => {
        service.answerOnce("/v1/jobs", 200, { jobs: [], next: null })
        const response = await ask("service/v1/jobs?sort=name&q=a%20b")
        assert.equal(response.status, 200)
        assert.deepEqual(await response.json(), { jobs: [], next: null })
        const request = service.requests.at(-1)
        assert.equal(request.headers.authorization, "Bearer secret")
    })

    test("passes changes on as they are", async () => {
        service.answerOnce("/v1/jobs/a", 200, { id: "a" })
        const headers = { "Content-Type": "application/json" }
        await ask("service/v1/jobs/a", { method: "PATCH", headers, body: JSON.stringify({ tags: ["x"] }) })
        const { method, body } = service.requests.at(-1)
        assert.deepEqual({ method, body }, { method: "PATCH", body: { tags: ["x"] } })
        service.answerOnce("/v1/jobs/a", 204)
        assert.equal((await ask("service/v1/jobs/a", { method: "DELETE" })).status, 204)
        assert.equal(service.requests.at(-1).method, "DELETE")
    })

    test("brings pictures", async () => {
        const { id } = await (await ask("service/v1/jobs", { method: "POST", body: "{}" })).json()
        const picture = await ask(`service/v1/jobs/${id}/samples/1.png`)
        assert.equal(picture.headers.get("content-type"), "image/png")
        assert.equal(
            Buffer.from(await picture.arrayBuffer())
                .subarray(1, 4)
                .toString(),
            "PNG"
        )
    })

    test("streams events as they come, from where one left off, and leaves the service when the browser leaves", async () => {
        const { id } = await (await ask("service/v1/jobs", { method: "POST", body: "{}" })).json()
        for (const step of [1, 2]) service.tell(id, "loss", { step })
        const leaving = new AbortController()
        const headers = { Accept: "text/event-stream", "Last-Event-ID": "1-0" }
        const { body } = await ask(`service/v1/jobs/${id}/events`, { headers, signal: leaving.signal })
        const reader = body.pipeThrough(new TextDecoderStream()).getReader()
        let heard = ""
        const hear = async (words) => {
            while (!heard.includes(words)) heard += (await reader.read()).value
        }
        await hear('{"step":2}')
        assert.ok(!heard.includes('{"step":1}'))
        service.tell(id, "loss", { step: 3 })
        await hear('{"step":3}')
        leaving.abort()
        await until(() => service.jobs.get(id).streams.size === 0, "the service is left")
    })

    test("tells the service's own refusal", async () => {
        const response = await ask("service/v1/jobs/none")
        assert.equal(response.status, 404)
        assert.equal((await response.json()).message, "There is no job 'none'.")
    })

    test("leads nowhere else", async () => {
        const before = service.requests.length
        for (const path of ["service/v1/specs/resolve", "service/v1/jobsx", "service/healthz", "other/v1/jobs"]) {
            assert.equal((await ask(path)).status, 404, path)
        }
        assert.equal(service.requests.length, before)
    })

    test("takes files from the editor alone, not from pages of other sites", async () => {
        const before = service.requests.length
        const body = new FormData()
        body.append("file", new Blob(["x"]), "x.onnx")
        const address = `${nodeRed.url}/authorgan/network?${new URLSearchParams({ url: service.url })}`
        assert.equal((await fetch(address, { method: "POST", body })).status, 403)
        assert.equal(service.requests.length, before)
    })

    test("says that the service is away", async () => {
        await service.stop()
        const response = await ask("service/v1/jobs")
        assert.equal(response.status, 504)
        assert.match((await response.json()).message, /does not answer/)
        await service.start()
    })
})
