/** The nodes around a training, and what the editor asks for, in a real Node-RED. */
const assert = require("node:assert/strict")
const { after, before, describe, test } = require("node:test")
const { FakeService, PNG } = require("./support/fake-service")
const { until } = require("./support/until")
const { firstFlow, node } = require("./support/flows")
const { load } = require("./support/palette")
const { NodeRed, freePort } = require("./support/node-red")

const WebSocket = load("ws")

let service
let nodeRed

const flow = (url) => [
    ...firstFlow(url),
    node("pause", "authorgan-control", [["controlled"]], { action: "pause", train: "train", service: "" }),
    node("say", "authorgan-control", [["controlled"]], { action: "", train: "", service: "service" }),
    node("controlled", "sink", [], { name: "controlled" }),
    node("sample", "authorgan-sample", [["sampled"]], {
        train: "train",
        count: "16",
        labels: "",
        seed: "",
        columns: "4"
    }),
    node("sampled", "sink", [], { name: "sampled" }),
    node("export", "authorgan-export", [["exported"]], { train: "train", format: "onnx", network: "discriminator" }),
    node("exported", "sink", [], { name: "exported" }),
    node("evaluate", "authorgan-evaluate", [["evaluated"]], {
        train: "train",
        metrics: ["precision", "kid"],
        count: "500",
        seed: ""
    }),
    node("evaluated", "sink", [], { name: "evaluated" }),
    node("preview", "authorgan-preview", [], { show: "both", width: 240 })
]

before(async () => {
    service = await new FakeService().start()
    nodeRed = await NodeRed.start(flow(service.url), { AUTHORGAN_URL: service.url })
    await nodeRed.send("pause")
    await until(async () => (await nodeRed.received("errors")).length === 1, "the first error arrives")
    await nodeRed.send("train")
    await until(() => service.jobs.size === 1, "a job is submitted")
    await until(() => service.jobs.get("job1").streams.size === 1, "it is followed")
})

after(async () => {
    await nodeRed.stop()
    await service.stop()
})

const last = async (sink, count = 1) => {
    await until(async () => (await nodeRed.received(sink)).length >= count, `${count} messages at ${sink}`)
    return (await nodeRed.received(sink)).at(-1)
}
const lastError = async (pattern) =>
    until(
        async () => pattern.test((await nodeRed.received("errors")).at(-1)?.error.message),
        `an error like ${pattern}`
    )

describe("control", () => {
    test("says that nothing was started yet", async () => {
        const [first] = await nodeRed.received("errors")
        assert.match(first.error.message, /not started a training yet/)
    })

    test("acts upon the job of its train node", async () => {
        await nodeRed.send("pause")
        const answer = await last("controlled", 1)
        assert.equal(answer.job, "job1")
        assert.equal(answer.payload.id, "job1")
        const [request] = service.requestsTo("POST", /actions$/)
        assert.deepEqual(request.body, { action: "pause" })
    })

    test("takes job, action and details from the message", async () => {
        await nodeRed.send("say", { job: "job1", payload: { action: "step", update: ["generator"] } })
        await last("controlled", 2)
        assert.deepEqual(service.requestsTo("POST", /actions$/).at(-1).body, { action: "step", update: ["generator"] })
        await nodeRed.send("say", { job: "job1", payload: "resume" })
        await last("controlled", 3)
        assert.deepEqual(service.requestsTo("POST", /actions$/).at(-1).body, { action: "resume" })
    })

    test("asks for what is missing", async () => {
        await nodeRed.send("say", { payload: "stop" })
        await lastError(/Which training\?/)
        await nodeRed.send("say", { job: "job1" })
        await lastError(/Which action\?/)
    })

    test("hands on what the service refuses", async () => {
        service.answerOnce("/v1/jobs/job1/actions", 409, { detail: "The job is not paused.", problems: [] })
        await nodeRed.send("say", { job: "job1", payload: "resume" })
        await lastError(/The job is not paused/)
    })
})

describe("sample", () => {
    test("asks as the dialog says, and answers with a picture", async () => {
        await nodeRed.send("sample")
        const answer = await last("sampled", 1)
        assert.equal(answer.payload, "a buffer")
        assert.equal(answer.job, "job1")
        const request = service.requestsTo("POST", /sample$/).at(-1)
        assert.equal(request.path, "/v1/models/job1/sample")
        assert.equal(request.headers.accept, "image/png")
        assert.deepEqual(request.body, { count: 16, columns: 4 })
        assert.deepEqual(answer.sample, request.body)
    })

    test("lets the message say otherwise; one class is a list of one", async () => {
        await nodeRed.send("sample", { labels: 7, count: 8, seed: 3 })
        await last("sampled", 2)
        assert.deepEqual(service.requestsTo("POST", /sample$/).at(-1).body, {
            count: 8,
            columns: 4,
            labels: [7],
            seed: 3
        })
    })
})

describe("export", () => {
    test("asks as the dialog says, and answers with a file and its name", async () => {
        await nodeRed.send("export")
        const answer = await last("exported", 1)
        assert.equal(answer.payload, "a buffer")
        assert.equal(answer.filename, "discriminator.onnx")
        const request = service.requestsTo("POST", /export$/).at(-1)
        assert.equal(request.path, "/v1/models/job1/export")
        assert.deepEqual(request.body, { format: "onnx", network: "discriminator" })
        assert.ok(!request.headers.accept.includes("application/json"))
    })

    test("lets the message say otherwise", async () => {
        await nodeRed.send("export", { format: "script", network: "generator" })
        await last("exported", 2)
        assert.deepEqual(service.requestsTo("POST", /export$/).at(-1).body, { format: "script", network: "generator" })
    })

    test("hands on what the service refuses", async () => {
        const detail = "A PyTorch script cannot hold the layer ConvLSTM2D ('memory' of the generator) yet."
        service.answerOnce("/v1/models/job1/export", 422, { detail, problems: [] })
        await nodeRed.send("export")
        await lastError(/cannot hold the layer ConvLSTM2D/)
    })
})

describe("evaluate", () => {
    test("asks for the ticked scores, and hands them on by name", async () => {
        await nodeRed.send("evaluate")
        const answer = await last("evaluated", 1)
        assert.deepEqual(answer.payload, {
            precision: { value: 0.51234, floor: 0.9 },
            kid: { value: 0.51234, floor: 0.9 }
        })
        assert.deepEqual([answer.step, answer.job], [40, "job1"])
        const request = service.requestsTo("POST", /evaluate$/).at(-1)
        assert.equal(request.path, "/v1/models/job1/evaluate")
        assert.equal(request.headers.accept, "text/event-stream")
        assert.deepEqual(request.body, { metrics: ["precision", "kid"], count: 500 })
    })

    test("lets the message say otherwise", async () => {
        await nodeRed.send("evaluate", { metrics: [{ choice: "recall", k: 5 }], count: 100, seed: 3 })
        const answer = await last("evaluated", 2)
        assert.deepEqual(Object.keys(answer.payload), ["recall"])
        assert.deepEqual(service.requestsTo("POST", /evaluate$/).at(-1).body, {
            metrics: [{ choice: "recall", k: 5 }],
            count: 100,
            seed: 3
        })
    })

    test("hands on what the service refuses at once, and what it finds on the way", async () => {
        service.answerOnce("/v1/models/job1/evaluate", 422, { detail: "The data has no classes.", problems: [] })
        await nodeRed.send("evaluate")
        await lastError(/The data has no classes/)
        await nodeRed.send("evaluate", { count: 13 })
        await lastError(/13 images are too few/)
    })

    test("tells of a service that broke off, and of scores that nobody chose", async () => {
        await nodeRed.send("evaluate", { count: 14 })
        await lastError(/broke off before it had answered/)
        await nodeRed.send("evaluate", { metrics: [] })
        await lastError(/Which scores\?/)
    })
})

describe("preview", () => {
    const get = (what) => fetch(`${nodeRed.url}/authorgan/preview/preview/${what}`)

    test("has nothing to show at first", async () => {
        assert.equal((await get("picture")).status, 404)
        assert.equal((await fetch(`${nodeRed.url}/authorgan/preview/no-such-node/curve`)).status, 404)
    })

    test("keeps the latest picture and the curve for editors that ask", async () => {
        await nodeRed.send("preview", {
            topic: "loss",
            job: "a",
            payload: {
                points: [
                    [1, 0.5, 1.5],
                    [2, 0.4, 1.6]
                ]
            }
        })
        // Through a real train node, because a picture does not fit into the JSON of this test's own messages.
        service.tell("job1", "sample", { step: 5, url: "/v1/jobs/job1/samples/5.png" })
        await last("samples", 1)
        assert.deepEqual((await (await get("curve")).json()).points, [
            [1, 0.5, 1.5],
            [2, 0.4, 1.6]
        ])
    })

    test("starts a new curve with a new job, and ignores the old one", async () => {
        const loss = (job, step) => nodeRed.send("preview", { topic: "loss", job, payload: { points: [[step, 1, 1]] } })
        await loss("b", 1)
        await loss("a", 3)
        assert.deepEqual((await (await get("curve")).json()).points, [[1, 1, 1]])
    })

    test("tells editors where to look, not what is there, and whoever comes late as well", async () => {
        const latest = async () => {
            const comms = new WebSocket(`${nodeRed.url.replace("http", "ws")}/comms`)
            const heard = []
            comms.on("message", (text) => heard.push(...JSON.parse(text)))
            comms.on("open", () => comms.send(JSON.stringify({ subscribe: "authorgan/preview/#" })))
            const found = () => heard.find(({ topic }) => topic === "authorgan/preview/preview")
            await until(found, "the notice arrives")
            comms.close()
            return found().data
        }
        const loss = (job) => nodeRed.send("preview", { topic: "loss", job, payload: { points: [[7, 1, 1]] } })
        const another = (curve) =>
            until(async () => {
                const notice = await latest()
                return notice.curve !== curve && notice
            }, "the address changes")
        const { curve } = await latest()
        await loss("c")
        const first = await another(curve)
        assert.deepEqual(Object.keys(first).sort(), ["curve", "id", "picture", "step"])
        assert.equal((await fetch(`${nodeRed.url}/${first.curve}`)).status, 200)
        // Another job that stands at the same step lies behind another address.
        await loss("d")
        await another(first.curve)
    })

    test("survives a redeploy, and forgets when it is reset", async () => {
        await nodeRed.deploy(flow(service.url))
        assert.equal((await (await get("curve")).json()).points.length, 1)
        await nodeRed.send("preview", { reset: true })
        assert.equal((await (await get("curve")).json()).points.length, 0)
    })

    test("shows the picture of a train node", async () => {
        const wired = flow(service.url).map((n) =>
            n.id === "train" ? { ...n, wires: [["preview"], ["preview"], []] } : n
        )
        await nodeRed.deploy(wired)
        await until(() => service.jobs.get("job1").streams.size === 1, "the job is followed again")
        service.tell("job1", "sample", { step: 9, url: "/v1/jobs/job1/samples/9.png" })
        const picture = await until(async () => {
            const response = await get("picture")
            return response.ok && response
        }, "the picture arrives")
        assert.equal(picture.headers.get("content-type"), "image/png")
        assert.deepEqual(Buffer.from(await picture.arrayBuffer()), PNG)
    })
})

describe("what the editor asks of the service", () => {
    test("a test says version, workers and data sets", async () => {
        const answer = await nodeRed.admin("authorgan/test", { service: "service", url: service.url })
        assert.deepEqual(await answer.json(), { version: "9.8.7", datasets: 3, ready: true, workers: 2, missing: [] })
    })

    test("a service without an address is the one that Node-RED was started with", async () => {
        const answer = await nodeRed.admin("authorgan/test", { url: "" })
        assert.equal((await answer.json()).version, "9.8.7")
        const { authorganServiceAddress } = await (await nodeRed.admin("settings")).json()
        assert.equal(authorganServiceAddress, service.url)
    })

    test("a test names what is missing", async () => {
        const parts = { training_workers: { ok: false, detail: "None was heard of lately." } }
        service.answerOnce("/readyz", 503, { ready: false, parts })
        const answer = await (await nodeRed.admin("authorgan/test", { url: service.url })).json()
        assert.equal(answer.ready, false)
        assert.deepEqual(answer.missing, ["training workers: None was heard of lately."])
    })

    test("a service that is away is 504, and no error of Node-RED", async () => {
        const answer = await nodeRed.admin("authorgan/test", { url: `http://127.0.0.1:${await freePort()}` })
        assert.equal(answer.status, 504)
        assert.equal((await answer.json()).away, true)
    })

    test("another server at that address is told from the service", async () => {
        for (const [path, body] of [
            ["/healthz", {}],
            ["/v1/datasets", []],
            ["/readyz", { ready: true }]
        ]) {
            service.answerOnce(path, 200, body)
            const answer = await nodeRed.admin("authorgan/test", { url: service.url })
            assert.equal(answer.status, 502)
            assert.match((await answer.json()).message, /is no AuthorGAN service/)
        }
        // Node-RED itself answers such questions with a page.
        assert.equal((await nodeRed.admin("authorgan/test", { url: nodeRed.url })).status, 404)
        assert.equal((await nodeRed.admin("authorgan/test", { url: "no address" })).status, 504)
    })

    test("problems of a spec come as they are", async () => {
        const problems = [{ pointer: "/data", code: "unknown_choice", message: "no such data" }]
        service.answerOnce("/v1/specs/resolve", 422, { detail: "1 problem", problems })
        const answer = await nodeRed.admin("authorgan/resolve", { service: "service", url: service.url, spec: {} })
        assert.equal(answer.status, 422)
        assert.deepEqual((await answer.json()).problems, problems)
    })

    test("the saved key goes only to the address that it was saved for", async () => {
        const secured = flow(service.url).map((n) =>
            n.id === "service" ? { ...n, credentials: { key: "secret" } } : n
        )
        await nodeRed.deploy(secured)
        const keyOf = async (url) => {
            const before = service.requests.length
            await nodeRed.admin("authorgan/resolve", { service: "service", url, spec: {} })
            return service.requests.slice(before).at(-1).headers.authorization
        }
        assert.equal(await keyOf(service.url), "Bearer secret")
        assert.equal(await keyOf(`${service.url}/`), "Bearer secret")
        assert.equal(await keyOf(service.url.replace("127.0.0.1", "localhost")), undefined)
    })
})
