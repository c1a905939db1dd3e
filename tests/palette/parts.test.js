/** The parts that the nodes are made of, each by itself. */
const assert = require("node:assert/strict")
const fs = require("node:fs")
const os = require("node:os")
const path = require("node:path")
const { describe, test } = require("node:test")
const { FakeService } = require("./support/fake-service")
const { freePort } = require("./support/node-red")
const { load } = require("./support/palette")

const { Client, ServiceAway, ServiceError } = load("./lib/client")
const { Curve } = load("./lib/curve")
const { follow } = load("./lib/follow")
const { Memory } = load("./lib/memory")
const { mergePatch } = load("./lib/patch")
const { submit } = load("./lib/run")
const { progressText, statusOf } = load("./lib/status")

describe("a client", () => {
    test("writes problems so that a person can read them", async (context) => {
        const service = await new FakeService().start()
        context.after(() => service.stop())
        const problems = [
            { pointer: "/data", message: "There is no data." },
            { pointer: "", message: "Too large." }
        ]
        service.answerOnce("/v1/datasets", 422, { detail: "2 problems", problems })
        await assert.rejects(new Client(service.url).json("/v1/datasets"), (error) => {
            assert.ok(error instanceof ServiceError)
            assert.equal(error.message, "There is no data. (/data)\nToo large.")
            return true
        })
    })

    test("says why nobody answers", async () => {
        const url = `http://127.0.0.1:${await freePort()}`
        await assert.rejects(new Client(url).json("/healthz"), (error) => {
            assert.ok(error instanceof ServiceAway)
            assert.equal(error.message, `${url} does not answer (ECONNREFUSED).`)
            return true
        })
    })

    test("keeps a path in front of /v1, and bears a slash too many", () => {
        assert.equal(new Client("https://example.org/gan/").url, "https://example.org/gan")
    })
})

describe("following a job", () => {
    test("a line that falls silent is given up, and why is told", async (context) => {
        const service = await new FakeService().start()
        context.after(() => service.stop())
        const client = new Client(service.url)
        const { id } = await client.json("/v1/jobs", { body: {} })
        service.silent = true
        const told = []
        const onLine = (broken) => {
            told.push(broken?.message || null)
            if (!broken) return
            service.silent = false
            service.tell(id, "end", { state: "succeeded", problem: null })
        }
        const events = []
        for await (const event of follow(client, id, { signal: new AbortController().signal, silence: 100, onLine })) {
            events.push(event.type)
        }
        assert.match(told[0], /silent for 0.1 s/)
        assert.deepEqual(events, ["end"])
    })

    test("ends at once when it is told to", async (context) => {
        const service = await new FakeService().start()
        context.after(() => service.stop())
        const client = new Client(service.url)
        const { id } = await client.json("/v1/jobs", { body: {} })
        service.tell(id, "state", { state: "running" })
        const closing = new AbortController()
        const events = []
        for await (const { type } of follow(client, id, { signal: closing.signal })) {
            events.push(type)
            closing.abort()
        }
        assert.deepEqual(events, ["state"])
    })
})

test("submitting gives up after its patience, with the reason", async () => {
    const told = []
    const options = { signal: new AbortController().signal, onAway: (error) => told.push(error), patience: 1500 }
    const client = new Client(`http://127.0.0.1:${await freePort()}`)
    await assert.rejects(submit(client, {}, options), ServiceAway)
    assert.equal(told.length, 1)
})

describe("a status", () => {
    test("shows step, rate and time left in few signs", () => {
        const text = (step, total, steps_per_second, eta_seconds) =>
            progressText({ step, total, steps_per_second, eta_seconds })
        assert.equal(text(12, 840, 38.4, 21.6), "12/840 · 38/s · 22s")
        assert.equal(text(12_345, 1_000_000, 0.53, 5400), "12.3k/1.0M · 0.5/s · 1.5h")
        assert.equal(text(0, 840, 0, null), "0/840")
        assert.ok(text(1200, 5600, 38.2, 115).length <= 22)
    })

    test("prefers what a person has to know", () => {
        const progress = { step: 1, total: 2, steps_per_second: 1, eta_seconds: 1 }
        assert.equal(statusOf({ state: "running", progress, away: true }).key, "status.away")
        assert.equal(statusOf({ state: "paused", progress, away: false }).key, "status.paused")
        assert.equal(statusOf({ state: "running", progress: null, away: false }).key, "status.running")
        const compiling = { ...progress, compiling: true }
        assert.equal(statusOf({ state: "running", progress: compiling, away: false }).key, "status.compiling")
        assert.equal(statusOf({ state: "stopped", progress: compiling, away: false }).key, "status.stopped")
    })
})

describe("a curve", () => {
    const line = (from, to) => Array.from({ length: to - from }, (_, at) => [from + at, from + at, 1])

    test("keeps every point while there are few", () => {
        const curve = new Curve()
        curve.add([[1, 0.5, 1.5]])
        curve.add([[2, 0.4, 1.6]])
        assert.deepEqual(curve.toJSON(), {
            points: [
                [1, 0.5, 1.5],
                [2, 0.4, 1.6]
            ],
            last: [2, 0.4, 1.6]
        })
    })

    test("averages neighbours when there are many, and stays small", () => {
        const curve = new Curve()
        curve.add(line(1, 10_001))
        const { points, last } = curve.toJSON()
        assert.ok(points.length <= 400)
        assert.deepEqual(last, [10_000, 10_000, 1])
        // On the straight line y = x a mean of neighbours lies in their middle, half a span behind its last step.
        for (const [step, generator] of points) assert.equal(step - generator, (curve.span - 1) / 2)
    })

    test("hears nothing twice", () => {
        const curve = new Curve()
        curve.add(line(1, 5))
        curve.add(line(3, 7))
        assert.deepEqual(
            curve.points.map(([step]) => step),
            [1, 2, 3, 4, 5, 6]
        )
    })

    test("keeps a gap where a loss was no number", () => {
        const curve = new Curve()
        curve.span = 2
        curve.add([
            [1, null, 1],
            [2, 4, 3],
            [3, null, 1],
            [4, null, 3]
        ])
        assert.deepEqual(curve.points, [
            [2, 4, 2],
            [4, null, 2]
        ])
    })
})

describe("a merge patch", () => {
    // The examples of RFC 7396, appendix A.
    for (const [target, patch, result] of [
        [{ a: "b" }, { a: "c" }, { a: "c" }],
        [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
        [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
        [{ a: ["b"] }, { a: "c" }, { a: "c" }],
        [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
        [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
        [{ a: "foo" }, "bar", "bar"],
        [{ e: null }, { a: 1 }, { e: null, a: 1 }],
        [[1, 2], { a: "b", c: null }, { a: "b" }],
        [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }]
    ]) {
        test(`${JSON.stringify(target)} + ${JSON.stringify(patch)}`, () => {
            const before = JSON.stringify(target)
            assert.deepEqual(mergePatch(target, patch), result)
            assert.equal(JSON.stringify(target), before)
        })
    }
})

describe("the memory of jobs", () => {
    const fresh = (context) => {
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), "authorgan-memory-"))
        context.after(() => fs.rmSync(folder, { recursive: true }))
        return path.join(folder, "jobs.json")
    }

    test("is there after a restart", (context) => {
        const file = fresh(context)
        const memory = new Memory(file)
        memory.started("train", "job1")
        memory.started("train", "job2")
        memory.heard("train", "job2", "7-0")
        memory.ended("train", "job1")
        assert.deepEqual(new Memory(file).of("train"), { latest: "job2", running: { job2: "7-0" } })
        memory.forget("train")
        assert.deepEqual(new Memory(file).of("train"), { latest: null, running: {} })
    })

    test("begins anew when its file was damaged", (context) => {
        const file = fresh(context)
        fs.writeFileSync(file, '{"train": {"lat')
        assert.deepEqual(new Memory(file).of("train"), { latest: null, running: {} })
    })
})
