/** The sweep node: what its dialog says, and what it does in a real Node-RED. */
const assert = require("node:assert/strict")
const { after, before, describe, test } = require("node:test")
const { FakeService } = require("./support/fake-service")
const { until } = require("./support/until")
const { firstFlow, node } = require("./support/flows")
const { load } = require("./support/palette")
const { NodeRed } = require("./support/node-red")

const WebSocket = load("ws")
const { axesOf, varies } = load("./lib/grid")
const { compile } = load("./lib/compile")

describe("the axes of a dialog", () => {
    const codes = (dialog) => axesOf({ rows: [], ...dialog }).wrong.map(({ code }) => code)
    const row = (pointer, values) => ({ pointer, values })

    test("are lists as JSON, and names", () => {
        const rows = [row(" /training/seed ", "[0, 1]"), row("/loss", '["hinge", {"choice": "minimax"}]')]
        const axes = axesOf({ rows, generator: "gan, dcgan,", discriminator: "" })
        assert.deepEqual(axes, {
            grid: { "/training/seed": [0, 1], "/loss": ["hinge", { choice: "minimax" }] },
            pairs: { generator: ["gan", "dcgan"] },
            wrong: []
        })
        assert.ok(varies(axes))
        assert.ok(!varies(axesOf({ rows: [], generator: " , " })))
    })

    test("are refused with the reason", () => {
        assert.deepEqual(codes({ rows: [row("training/seed", "[0]"), row("/", "[0]")] }), ["pointer", "pointer"])
        for (const values of ["", "0, 1", "[]", "3", "{}", "[0, 1"]) {
            assert.deepEqual(codes({ rows: [row("/training/seed", values)] }), ["list"], values)
        }
        assert.deepEqual(codes({ rows: [row("/a", "[0]"), row("/a", "[1]")] }), ["twice"])
        assert.deepEqual(codes({ rows: [row("/generator", '["gan"]')], generator: "gan" }), ["twice"])
        // A network of one's own has no name by which another drawing could have it.
        assert.deepEqual(codes({ generator: "gan, vae, custom" }), ["family", "family"])
    })
})

describe("in a flow", () => {
    let service
    let nodeRed
    const rows = [{ pointer: "/training/seed", values: "[0, 1]" }]
    const flow = (url) => {
        const nodes = firstFlow(url).map((each) =>
            each.id === "gan" ? { ...each, wires: [["train", "sweep", "bad", "idle"]] } : each
        )
        const sweep = (id, more) =>
            node(id, "authorgan-sweep", [["progress"], ["heatmaps"], ["finished"]], {
                ...{ name: "", service: "service", rows: [], generator: "", discriminator: "", ...more }
            })
        return [
            ...nodes,
            sweep("sweep", { name: "seeds", rows, generator: "gan, dcgan" }),
            sweep("bad", { rows: [{ pointer: "seed", values: "0, 1" }] }),
            sweep("idle", {}),
            ...["progress", "heatmaps", "finished", "shown"].map((name) => node(name, "sink", [], { name })),
            node("sweep-status", "status", [["shown"]], { scope: ["sweep"] })
        ]
    }

    before(async () => {
        service = await new FakeService().start()
        nodeRed = await NodeRed.start(flow(service.url))
    })

    after(async () => {
        await nodeRed.stop()
        await service.stop()
    })

    const asked = () => service.requestsTo("POST", /^\/v1\/sweeps$/)
    const looks = (id) => service.requestsTo("GET", new RegExp(`^/v1/sweeps/${id}$`)).length
    const of = async (sink, sweep) => (await nodeRed.received(sink)).filter((message) => message.sweep === sweep)
    const lastError = (pattern) =>
        until(
            async () => pattern.test((await nodeRed.received("errors")).at(-1)?.error.message),
            `an error like ${pattern}`
        )
    /** What editors that open now are told to mark. */
    async function marks() {
        const heard = []
        const comms = new WebSocket(`${nodeRed.url.replace("http", "ws")}/comms`)
        comms.on("message", (text) => heard.push(...JSON.parse(text)))
        comms.on("open", () => comms.send(JSON.stringify({ subscribe: "authorgan/problems/#" })))
        const topic = "authorgan/problems/sweep"
        const told = await until(() => heard.find((each) => each.topic === topic), "the editor is told")
        comms.close()
        return told.data.problems
    }
    const finish = async (id) => {
        Object.assign(service.sweeps.get(id), {
            state: "succeeded",
            progress: { jobs: 4, ended: 4, fraction: 1, eta_seconds: null }
        })
        return until(async () => (await of("finished", id))[0], `${id} ends`)
    }

    test("its drawing is compiled as that of a train node", () => {
        const nodes = flow("")
        assert.deepEqual(compile(nodes, "sweep"), compile(nodes, "train"))
        const loose = nodes.map((each) => (each.id === "gan" ? { ...each, wires: [[]] } : each))
        assert.deepEqual(
            compile(loose, "sweep").problems.map(({ code, node_id }) => [code, node_id]),
            [["no_gan", "sweep"]]
        )
    })

    test("sends the drawing with its axes, tells of changes, and ends with heatmaps", async () => {
        await nodeRed.send("sweep", { authorgan: { training: { epochs: 2 } }, series: "a" })
        await until(async () => (await of("progress", "sweep1")).length === 1, "the first progress")
        const [{ body, headers }] = asked()
        assert.ok(headers["idempotency-key"])
        assert.deepEqual(
            [body.name, body.grid, body.pairs],
            ["seeds", { "/training/seed": [0, 1] }, { generator: ["gan", "dcgan"] }]
        )
        assert.deepEqual([body.spec.name, body.spec.training], ["mine", { epochs: 2 }])

        await nodeRed.send("sweep")
        await lastError(/still busy with its last sweep/)
        assert.equal(asked().length, 1)

        await until(() => looks("sweep1") >= 2, "it is looked at again")
        assert.equal((await of("progress", "sweep1")).length, 1, "nothing changed, so nothing is told")
        Object.assign(service.sweeps.get("sweep1"), {
            state: "running",
            progress: { jobs: 4, ended: 1, fraction: 0.3, eta_seconds: 180 }
        })
        await until(
            async () => (await nodeRed.received("shown")).some(({ status }) => status.text === "1/4 · 3m"),
            "the status tells how far it is"
        )
        const told = (await of("progress", "sweep1")).length
        service.answerOnce("/v1/sweeps/sweep1", 503, { detail: "restarting" })
        const texts = async () => (await nodeRed.received("shown")).map(({ status }) => status.text)
        await until(async () => (await texts()).some((text) => /away/.test(text)), "it tells that nobody answers")
        await until(async () => (await texts()).at(-1) === "1/4 · 3m", "and that it is well again")
        assert.equal((await of("progress", "sweep1")).length, told)
        const end = await finish("sweep1")
        assert.deepEqual([end.topic, end.series, end.payload.state], ["end", "a", "succeeded"])
        const pictures = await of("heatmaps", "sweep1")
        const names = ["generator_loss", "discriminator_loss", "seconds_per_epoch", "precision"]
        assert.deepEqual(
            pictures.map(({ topic, payload }) => [topic, payload]),
            names.map((name) => [name, "a buffer"])
        )
        assert.deepEqual(
            service.requestsTo("GET", /heatmap\.png$/).map(({ query }) => query.value),
            names
        )
    })

    test("a whole sweep in the message counts instead", async () => {
        const payload = { name: "sent", spec: { generator: "gan" }, grid: { "/training/seed": [3] } }
        await nodeRed.send("idle", { payload, authorgan: { training: { epochs: 1 } } })
        await until(() => asked().length === 2, "it is submitted")
        assert.deepEqual(asked()[1].body, { ...payload, spec: { generator: "gan", training: { epochs: 1 } } })
        await finish("sweep2")
    })

    test("axes that are wrong or missing are errors, and nothing is started", async () => {
        await nodeRed.send("bad")
        await lastError(/"seed" is no place in the spec/)
        await nodeRed.send("idle")
        await lastError(/Nothing varies/)
        assert.equal(asked().length, 2)
    })

    test("what the service refuses is told at the drawing or at the axes", async () => {
        const problems = [
            { pointer: "/spec/generator/latent_dim", code: "minimum", message: "latent_dim is too small" },
            { pointer: "/grid/~1training~1seed/1", code: "type", message: "one is no seed" }
        ]
        service.answerOnce("/v1/sweeps", 422, { detail: "no", problems })
        await nodeRed.send("sweep")
        await lastError(/latent_dim is too small/)
        assert.deepEqual(await marks(), [
            { node_id: "generator", message: "latent_dim is too small" },
            { node_id: "sweep", message: "one is no seed" }
        ])
    })

    test("a redeploy and a restart: the node finds its sweep again, follows it to its end, and starts no other", async () => {
        await nodeRed.send("sweep")
        await until(async () => (await of("progress", "sweep3")).length === 1, "it is followed")
        await nodeRed.deploy(flow(service.url))
        await until(async () => (await of("progress", "sweep3")).length === 2, "it is told of again")
        await nodeRed.send("sweep")
        await lastError(/still busy with its last sweep/)

        await nodeRed.end("SIGKILL")
        await nodeRed.run()
        const end = await finish("sweep3")
        assert.deepEqual([end.topic, end.payload.state], ["end", "succeeded"])
        assert.equal((await of("heatmaps", "sweep3")).length, 4)
        assert.equal(asked().length, 4)

        // What has ended is not taken up once more.
        const before = looks("sweep3")
        await nodeRed.deploy(flow(service.url))
        await nodeRed.send("sweep")
        await until(async () => (await of("progress", "sweep4")).length === 1, "the next one starts")
        assert.equal(looks("sweep3"), before)
    })

    test("a sweep that is gone after a restart is an error, and lets the next one start", async () => {
        service.sweeps.delete("sweep4")
        service.answerOnce("/v1/sweeps/sweep4", 404, { detail: "There is no sweep 'sweep4'." })
        await nodeRed.end("SIGTERM")
        await nodeRed.run()
        await lastError(/no sweep 'sweep4'/)
        await nodeRed.send("sweep")
        await until(async () => (await of("progress", "sweep4")).length === 1, "the next one starts")
        await finish("sweep4")
    })
})
