/** The train node in a real Node-RED, against a service that breaks in every way it can. */
const assert = require("node:assert/strict")
const { after, afterEach, before, describe, test } = require("node:test")
const { FakeService } = require("./support/fake-service")
const { until } = require("./support/until")
const { firstFlow } = require("./support/flows")
const { NodeRed } = require("./support/node-red")

const LOSS = { step: 1, generator: 0.7, discriminator: 1.4, points: [[1, 0.7, 1.4]] }

let service
let nodeRed

before(async () => {
    service = await new FakeService().start()
    nodeRed = await NodeRed.start(firstFlow(service.url))
})

after(async () => {
    await nodeRed.stop()
    await service.stop()
})

/** Starts a training and waits until the node follows it. */
async function begin(message = {}) {
    const known = service.jobs.size
    await nodeRed.send("train", message)
    await until(() => service.jobs.size > known, "a job is submitted")
    const job = [...service.jobs.keys()].at(-1)
    await until(() => service.jobs.get(job).streams.size === 1, "its events are followed")
    return job
}

/** Ends a training and waits until the node has told it. */
async function finish(job, state = "succeeded") {
    service.tell(job, "end", { state, problem: null })
    return until(async () => (await nodeRed.received("end")).find((message) => message.job === job), "the end arrives")
}

const of = async (sink, job) => (await nodeRed.received(sink)).filter((message) => message.job === job)
const states = async () => (await nodeRed.received("states")).map(({ status }) => status.text)

afterEach(async () => {
    for (const [job, { state }] of service.jobs)
        if (!["succeeded", "failed", "stopped"].includes(state)) await finish(job)
})

describe("a training", () => {
    test("is what was drawn, and its events leave at three outputs", async () => {
        const job = await begin({ colour: "red" })
        assert.deepEqual(service.jobs.get(job).spec, {
            authorgan: 1,
            name: "mine",
            data: { choice: "digits", image_size: 16 },
            generator: { choice: "dcgan" },
            discriminator: { choice: "wgan" }
        })
        service.tell(job, "loss", LOSS)
        service.tell(job, "sample", { step: 1, epoch: 1, url: `/v1/jobs/${job}/samples/1.png`, columns: 1 })
        const end = await finish(job)

        const [loss] = await of("losses", job)
        assert.equal(loss.topic, "loss")
        assert.deepEqual(loss.payload, { type: "loss", ...LOSS })
        assert.equal(loss.colour, "red")
        const [sample] = await of("samples", job)
        assert.equal(sample.payload, "a buffer")
        assert.equal(sample.sample.step, 1)
        assert.equal(end.payload.state, "succeeded")
        await until(async () => (await of("completed", undefined)).length > 0, "the message counts as handled")
    })

    test("shows step, rate and time left", async () => {
        const job = await begin()
        service.tell(job, "state", { state: "running" })
        service.tell(job, "progress", { step: 1200, total: 5600, steps_per_second: 38.2, eta_seconds: 115 })
        await until(async () => (await states()).includes("1200/5600 · 38/s · 2m"), "the status says so")
        service.tell(job, "state", { state: "paused" })
        await until(async () => (await states()).at(-1) === "status.paused", "a pause is shown")
    })

    test("is changed by a merge patch", async () => {
        const job = await begin({ authorgan: { training: { epochs: 2 }, data: { image_size: null } } })
        const { training, data } = service.jobs.get(job).spec
        assert.deepEqual(training, { epochs: 2 })
        assert.deepEqual(data, { choice: "digits" })
    })

    test("may be a whole spec, such as the paper's four keys, sent as they are", async () => {
        const paper = {
            GAN_model: { epochs: "50" },
            generator: { choice: "dcgan" },
            discriminator: { choice: "dcgan" },
            data_path: "dataset/mnistData.pkl"
        }
        const job = await begin({ payload: paper })
        assert.deepEqual(service.jobs.get(job).spec, paper)
    })

    test("that failed is an error with its reason", async () => {
        const job = await begin()
        service.jobs.get(job).problem = { code: "diverged", message: "The losses are no numbers any more." }
        await finish(job, "failed")
        const errors = await until(async () => {
            const found = await of("errors", undefined)
            return found.length > 0 && found
        }, "the error arrives")
        assert.match(errors.at(-1).error.message, /no numbers any more/)
    })
})

describe("a line that breaks", () => {
    test("is taken up behind the last event, and nothing is told twice", async () => {
        const job = await begin()
        service.tell(job, "loss", LOSS)
        await until(async () => (await of("losses", job)).length === 1, "the first event arrives")
        service.cut(job)
        service.tell(job, "loss", { ...LOSS, step: 2, points: [[2, 0.6, 1.5]] })
        await until(async () => (await of("losses", job)).length === 2, "the second event arrives")
        const again = service.requestsTo("GET", /events$/).at(-1)
        assert.equal(again.headers["last-event-id"], "1-0")
        assert.deepEqual(
            (await of("losses", job)).map(({ payload }) => payload.step),
            [1, 2]
        )
    })

    test("survives a restart of the service, and says meanwhile that it is away", async () => {
        const job = await begin()
        service.tell(job, "loss", LOSS)
        await service.stop()
        await until(async () => (await states()).at(-1) === "status.away", "the status says so")
        await service.start()
        await until(() => service.jobs.get(job).streams.size === 1, "it is followed again")
        service.tell(job, "loss", { ...LOSS, step: 2 })
        await until(async () => (await of("losses", job)).length === 2, "events arrive again")
    })

    test("ends when the job has ended, even if no event says so", async () => {
        const job = await begin()
        service.jobs.get(job).state = "stopped"
        service.cut(job)
        const end = await until(async () => (await of("end", job))[0], "the end arrives")
        assert.equal(end.payload.state, "stopped")
    })

    test("tells a job that is gone as an error, and lets the next one start", async () => {
        const job = await begin()
        const { streams } = service.jobs.get(job)
        service.jobs.delete(job)
        for (const stream of streams) stream.destroy()
        await until(
            async () => (await of("errors", undefined)).some(({ error }) => error.message.includes(`no job '${job}'`)),
            "the error arrives"
        )
        await begin()
    })
})

describe("a message that cannot start a training", () => {
    const latestError = () =>
        until(async () => (await nodeRed.received("errors")).at(-1)?.error.message, "an error arrives")

    test("is refused while another one runs, with the remedy", async () => {
        await begin()
        const jobs = service.jobs.size
        await nodeRed.send("train")
        assert.match(await latestError(), /still training.*control node/s)
        assert.equal(service.jobs.size, jobs)
    })

    test("says every problem that the service found", async () => {
        service.answerOnce("/v1/jobs", 422, {
            detail: "The spec has 2 problems.",
            problems: [
                { pointer: "/generator/latent_dim", code: "out_of_range", message: "latent_dim must be at least 1." },
                { pointer: "/data", code: "missing", message: "The data is not there." }
            ]
        })
        await nodeRed.send("train")
        await until(async () => /latent_dim must be/.test(await latestError()), "the problems arrive")
        assert.match(await latestError(), /latent_dim must be at least 1.*\n.*data is not there/)
        assert.equal((await states()).at(-1), "status.refused")
    })

    test("says what the drawing lacks, without asking the service", async () => {
        const asked = service.requestsTo("POST", /jobs$/).length
        await nodeRed.deploy(firstFlow(service.url).filter(({ id }) => id !== "discriminator"))
        await nodeRed.send("train")
        await until(async () => /no discriminator/.test(await latestError()), "the problem arrives")
        assert.equal(service.requestsTo("POST", /jobs$/).length, asked)
        await nodeRed.deploy(firstFlow(service.url))
    })

    test("is tried again under the same key when the service stumbles", async () => {
        service.answerOnce("/v1/jobs", 503, { detail: "The database does not answer just now." })
        await begin()
        const [first, second] = service.requestsTo("POST", /jobs$/).slice(-2)
        assert.ok(first.headers["idempotency-key"])
        assert.equal(first.headers["idempotency-key"], second.headers["idempotency-key"])
    })
})

describe("a running training outlives", () => {
    test("a redeploy: the node finds it again and starts no other", async () => {
        const job = await begin()
        service.tell(job, "state", { state: "running" })
        service.tell(job, "loss", LOSS)
        await until(async () => (await of("losses", job)).length === 2, "the first events arrive")
        const jobs = service.jobs.size
        await nodeRed.deploy(firstFlow(service.url))
        await until(() => service.requestsTo("GET", /events$/).at(-1).headers["last-event-id"] === "2-0", "it goes on")
        service.tell(job, "progress", { step: 2, total: 10, steps_per_second: 0.25, eta_seconds: 32 })
        await until(async () => (await states()).at(-1) === "2/10 · 0.3/s · 32s", "its state is known, too")
        assert.equal(service.jobs.size, jobs)
    })

    for (const signal of ["SIGTERM", "SIGKILL"]) {
        test(`the end of Node-RED by ${signal}`, async () => {
            const job = await begin()
            service.tell(job, "loss", LOSS)
            await until(async () => (await of("losses", job)).length === 1, "the first event arrives")
            const jobs = service.jobs.size
            await nodeRed.end(signal)
            await nodeRed.run()
            await until(() => service.jobs.get(job).streams.size === 1, "it is followed again")
            const end = await finish(job)
            assert.equal(end.payload.id, job)
            assert.equal(service.jobs.size, jobs)
        })
    }
})

test("a drawing inside a subflow trains, with a train node of its own in each instance", async () => {
    const inside = (nodes) => nodes.map((node) => (node.z ? { ...node, z: "sub" } : node))
    const [tab, config, ...drawing] = firstFlow(service.url)
    const subflow = { id: "sub", type: "subflow", name: "a GAN", in: [{ wires: [{ id: "train" }] }], out: [] }
    const instance = { id: "instance", type: "subflow:sub", z: "t", x: 0, y: 0, wires: [] }
    await nodeRed.deploy([tab, config, subflow, instance, ...inside(drawing)])
    const known = service.jobs.size
    await nodeRed.send("instance-train")
    await until(() => service.jobs.size > known, "a job is submitted")
    const [job, { spec }] = [...service.jobs].at(-1)
    assert.equal(spec.discriminator.choice, "wgan")
    service.tell(job, "end", { state: "succeeded", problem: null })
    // Node-RED gives the sink of the instance a name of its own, because its name is a node's id.
    await until(async () => (await of("instance-end", job)).length === 1, "the end arrives inside the subflow")
    await nodeRed.deploy(firstFlow(service.url))
})

describe("by choice", () => {
    test("a training stops with the node", async () => {
        await nodeRed.deploy(firstFlow(service.url, { stopOnClose: true }))
        const job = await begin()
        await nodeRed.deploy(firstFlow(service.url).filter(({ id }) => id !== "train"))
        const [stop] = service.requestsTo("POST", /actions$/)
        assert.equal(stop.path, `/v1/jobs/${job}/actions`)
        assert.deepEqual(stop.body, { action: "stop" })
        await nodeRed.deploy(firstFlow(service.url))
        service.tell(job, "end", { state: "stopped", problem: null })
    })

    test("every message starts a training, in order", async () => {
        await nodeRed.deploy(firstFlow(service.url, { whenBusy: "start" }))
        const known = service.jobs.size
        for (const epochs of [1, 2, 3]) await nodeRed.send("train", { authorgan: { training: { epochs } } })
        await until(() => service.jobs.size === known + 3, "three jobs are submitted")
        const jobs = [...service.jobs].slice(-3)
        assert.deepEqual(
            jobs.map(([, { spec }]) => spec.training.epochs),
            [1, 2, 3]
        )
        await until(() => jobs.every(([, { streams }]) => streams.size === 1), "all are followed")
    })
})
