/** The nodes that find runs and hand on what they produced, in a real Node-RED. */
const assert = require("node:assert/strict")
const { after, before, describe, test } = require("node:test")
const { FakeService } = require("./support/fake-service")
const { until } = require("./support/until")
const { firstFlow, node } = require("./support/flows")
const { NodeRed } = require("./support/node-red")

let service
let nodeRed

const runs = (id, more) =>
    node(id, "authorgan-runs", [[`${id}-out`]], {
        ...{ service: "service", state: "", words: "", tag: "", archived: "false", sort: "-created_at", most: "20" },
        ...more
    })
const movie = (id, as) =>
    node(id, "authorgan-movie", [["movies"]], { train: "train", format: "gif", as, seconds: "5", fps: "" })
const chart = (id, more) =>
    node(id, "authorgan-chart", [[`${id}-out`]], {
        ...{ show: "losses", form: "array", smoothing: "0", rate: "4", most: "20" },
        ...more
    })
const sink = (name) => node(name, "sink", [], { name })

const flow = (url) => [
    ...firstFlow(url),
    runs("all", { most: "", state: "succeeded,stopped", tag: " good , digits" }),
    runs("each", { each: true, most: "2" }),
    runs("nowhere", { service: "" }),
    movie("film", "buffer"),
    movie("link", "address"),
    chart("points"),
    ...["all-out", "each-out", "movies", "points-out"].map(sink)
]

before(async () => {
    service = await new FakeService().start()
    nodeRed = await NodeRed.start(flow(service.url))
    await nodeRed.send("train")
    await until(() => service.jobs.size === 1, "a job is submitted")
    for (let more = 1; more < 120; more += 1) service.submit({ headers: {} }, {})
})

after(async () => {
    await nodeRed.stop()
    await service.stop()
})

const arrived = (name, count) =>
    until(async () => {
        const messages = await nodeRed.received(name)
        return messages.length >= count && messages
    }, `${count} messages at ${name}`)
const lastError = (pattern) =>
    until(
        async () => pattern.test((await nodeRed.received("errors")).at(-1)?.error.message),
        `an error like ${pattern}`
    )
const questions = () => service.requestsTo("GET", /^\/v1\/jobs$/).map(({ query }) => query)

describe("runs", () => {
    test("asks page after page for all that fit the dialog", async () => {
        await nodeRed.send("all")
        const [{ payload }] = await arrived("all-out", 1)
        assert.equal(payload.length, 120)
        assert.equal(payload[119].id, "job120")
        const filters = { state: "succeeded,stopped", tag: "good,digits", archived: "false", sort: "-created_at" }
        assert.deepEqual(questions(), [
            { ...filters, limit: "100" },
            { ...filters, limit: "100", cursor: "100" }
        ])
    })

    test("lets the message say otherwise", async () => {
        await nodeRed.send("all", { state: ["queued"], tag: "bad", name: "cgan", sweep: "s", sort: "name", limit: 3 })
        const messages = await arrived("all-out", 2)
        assert.equal(messages[1].payload.length, 3)
        assert.deepEqual(questions().at(-1), {
            ...{ state: "queued", tag: "bad", name: "cgan", sweep: "s" },
            ...{ archived: "false", sort: "name", limit: "3" }
        })
    })

    test("sends a message for each run, numbered so that they can be joined", async () => {
        await nodeRed.send("each", { series: "a" })
        const messages = await arrived("each-out", 2)
        assert.deepEqual(
            messages.map(({ job, payload, series, parts }) => [job, payload.id, series, parts.index, parts.count]),
            [
                ["job1", "job1", "a", 0, 2],
                ["job2", "job2", "a", 1, 2]
            ]
        )
        assert.equal(messages[0].parts.id, messages[1].parts.id)
        assert.equal(messages[0].parts.type, "array")
    })

    test("hands on what the service refuses, and asks for a service", async () => {
        service.answerOnce("/v1/jobs", 422, { detail: "'asleep' is no state.", problems: [] })
        await nodeRed.send("all", { state: "asleep" })
        await lastError(/'asleep' is no state/)
        await nodeRed.send("nowhere")
        await lastError(/knows no service/)
    })
})

describe("movie", () => {
    test("sends the movie, and a name for its file", async () => {
        await nodeRed.send("film")
        const [{ payload, filename, job }] = await arrived("movies", 1)
        assert.deepEqual([payload, filename, job], ["a buffer", "job1.gif", "job1"])
        const asked = service.requestsTo("GET", /movie\.gif$/).at(-1)
        assert.deepEqual([asked.path, asked.query], ["/v1/jobs/job1/movie.gif", { seconds: "5" }])
    })

    test("or its address, once there is a movie", async () => {
        await nodeRed.send("link", { job: "job2", fps: 24 })
        const messages = await arrived("movies", 2)
        assert.equal(messages[1].payload, `${service.url}/v1/jobs/job2/movie.gif?seconds=5&fps=24`)
        assert.equal(service.requestsTo("GET", /job2\/movie\.gif$/).length, 1)
    })

    test("hands on what the service refuses", async () => {
        service.answerOnce("/v1/jobs/job1/movie.gif", 404, { detail: "The job has drawn no samples yet." })
        await nodeRed.send("film")
        await lastError(/no samples yet/)
    })
})

describe("chart", () => {
    test("gathers what comes within its time into one message, and does not wait at the end", async () => {
        const loss = (step) => ({ topic: "loss", job: "job1", payload: { points: [[step, 0.5, 1]] } })
        await nodeRed.send("points", loss(1))
        await nodeRed.send("points", loss(2))
        const [first] = await arrived("points-out", 1)
        assert.deepEqual([first.topic, first.action, first.job], ["losses", "replace", "job1"])
        assert.deepEqual(
            first.payload.map(({ x }) => x),
            [1, 1, 2, 2]
        )
        await nodeRed.send("points", loss(3))
        await nodeRed.send("points", { topic: "end", job: "job1", payload: {} })
        const [, second] = await arrived("points-out", 2)
        assert.deepEqual([second.action, second.payload.length], ["append", 2])
    })
})
