/** What a new user does: opens the editor, presses the button, watches, changes something, breaks something. */
const assert = require("node:assert/strict")
const { describe, test } = require("node:test")
const { load } = require("../palette/support/palette")
const { until } = require("../palette/support/until")
const { Editor } = require("./support/browser")
const { openEditor, PATIENCE_MS } = require("./support/start")

const LAYERS = Object.keys(load("./lib/catalogue.json").layers).length

let system
let browser
let editor

openEditor((opened) => {
    ;({ system, browser, editor } = opened)
})

describe("the first flow", () => {
    test("is there, valid, and says what would be built before anything runs", async () => {
        await until(async () => (await editor.badge("first-gan-generator")).startsWith("16×16×1 · "), "shapes appear")
        assert.equal(await editor.badge("first-gan-data"), "16×16×1")
        assert.match(await editor.badge("first-gan-discriminator"), /^[\d.]+ k$/)
        const invalid = await editor.page.evaluate(
            () => RED.nodes.filterNodes({}).filter(({ valid }) => valid === false).length
        )
        assert.equal(invalid, 0)
        await editor.screenshot("first-flow")
    })

    test("is changed in dialogs that keep only what was changed", async () => {
        await editor.edit("first-gan-training", async (dialog) => {
            const epochs = dialog.locator('[data-choice="alternating"] > [data-field="epochs"]')
            await epochs.locator("input").fill("0")
            assert.match(await epochs.locator(".authorgan-reason").textContent(), /0 is too small; the least is 1/)
            await epochs.locator("input").fill("3")
            assert.equal(await epochs.locator(".authorgan-reason").count(), 0)
            // An empty field says what rules then, as the service resolved it for this very drawing.
            const steps = dialog.locator('[data-field="discriminator_steps"] input')
            assert.equal(await steps.getAttribute("placeholder"), "1")
        })
        const { parameters } = await editor.properties("first-gan-training")
        assert.deepEqual(parameters, { epochs: 3, batch_size: 32, ema_decay: 0.99 })
    })

    test("is scored while it trains, by what is ticked in the gan node", async () => {
        const evaluation = async () => (await editor.properties("first-gan-gan")).parameters.evaluation
        const tick = (dialog, name) => dialog.locator(`#authorgan-metrics [data-choice="${name}"] input`)
        await editor.edit("first-gan-gan", async (dialog) => {
            await tick(dialog, "precision").check()
            await tick(dialog, "kid").check()
            await dialog.locator("#authorgan-every-epochs").fill("2")
        })
        assert.deepEqual(await evaluation(), { metrics: ["kid", "precision"], every_epochs: 2 })
        await editor.edit("first-gan-gan", async (dialog) => {
            assert.ok(await tick(dialog, "kid").isChecked())
            await tick(dialog, "kid").uncheck()
            await tick(dialog, "precision").uncheck()
        })
        assert.equal(await evaluation(), undefined)
    })

    test("shows the parameters of what is chosen, and of nothing else", async () => {
        await editor.edit("first-gan-generator", async (dialog) => {
            const visible = () =>
                dialog.locator(".authorgan-field:visible").evaluateAll((rows) => rows.map((row) => row.dataset.field))
            assert.deepEqual(await visible(), ["latent_dim", "filters", "max_filters"])
            await dialog.locator("#node-input-choice").selectOption("gan")
            assert.deepEqual(await visible(), ["latent_dim", "widths"])
            await dialog.locator("#node-input-choice").selectOption("dcgan")
        })
    })

    test("offers backends where the driver has some, and keeps none where it has not", async () => {
        const chosen = async () => (await editor.properties("first-gan-gan")).parameters
        const parameters = await chosen()
        const choose = (driver, backend) =>
            editor.edit("first-gan-gan", async (dialog) => {
                await dialog.locator('[data-gan="driver"] select').selectOption(driver)
                const row = dialog.locator('[data-gan="backend"]')
                assert.equal(await row.isVisible(), Boolean(backend))
                if (backend) await row.locator("select").selectOption(backend)
            })
        await choose({ label: "Keras" }, { label: "JAX" })
        assert.deepEqual(await chosen(), { ...parameters, driver: "keras", backend: "jax" })
        await choose({ label: "PyTorch" }, null)
        assert.deepEqual(await chosen(), parameters)
    })

    test("tells what each driver of the service can do, and what of the catalogue one cannot", async () => {
        const told = async () => {
            let cells
            await editor.edit("first-gan-gan", async (dialog) => {
                await dialog.locator("#authorgan-capabilities summary").click()
                await dialog.locator("#authorgan-capabilities table").waitFor()
                cells = await dialog
                    .locator("#authorgan-capabilities tr")
                    .evaluateAll((rows) => rows.map(({ cells }) => [...cells].map(({ textContent }) => textContent)))
            })
            return Object.fromEntries(cells.map(([name, ...rest]) => [name, rest]))
        }
        const { "": drivers, layers, backends } = await told()
        assert.deepEqual([drivers, layers], [["Keras", "PyTorch"], Array(2).fill(`all ${LAYERS}`)])
        assert.match(backends[0], /torch/)
        await editor.page.route("**/authorgan/drivers", (route) =>
            route.fulfill({ json: { keras: { backends: ["torch"], losses: ["hinge"] } } })
        )
        const { losses } = await told()
        assert.deepEqual(losses, ["all but least_squares, minimax, non_saturating, wasserstein"])
        await editor.page.unroute("**/authorgan/drivers")
    })

    test("says which backends the service lacks, and how to get one, before it is chosen for good", async () => {
        const drivers = { keras: { backends: ["torch", "tensorflow"] } }
        await editor.page.route("**/authorgan/drivers", (route) => route.fulfill({ json: drivers }))
        await editor.edit("first-gan-gan", async (dialog) => {
            await dialog.locator('[data-gan="driver"] select').selectOption("keras")
            const backend = dialog.locator('[data-gan="backend"]')
            const offered = () => backend.locator("option").allTextContents()
            await until(async () => (await offered()).includes("JAX (not installed)"), "it is told")
            assert.deepEqual(await offered(), ["PyTorch", "JAX (not installed)", "TensorFlow"])
            await backend.locator("select").selectOption("jax")
            assert.match(await backend.locator(".authorgan-reason").textContent(), /no JAX.*make run DRIVERS=all/)
            await editor.screenshot("backend-missing")
            await backend.locator("select").selectOption("tensorflow")
            assert.equal(await backend.locator(".authorgan-reason").count(), 0)
            await dialog.locator('[data-gan="driver"] select').selectOption("")
        })
        const label = () => editor.node("first-gan-train").locator(".red-ui-flow-node-label").textContent()
        await editor.edit("first-gan-train", async (dialog) => {
            const runtime = dialog.locator("#authorgan-runtime-row")
            const offered = () => runtime.locator("option").allTextContents()
            await until(async () => (await offered()).includes("Keras on JAX (not installed)"), "it is told there too")
            await runtime.locator("select").selectOption("jax")
            assert.match(await runtime.locator(".authorgan-reason").textContent(), /no Keras on JAX.*DRIVERS=all/)
            await editor.screenshot("train-runtime")
        })
        await until(async () => (await label()).trim() === "Keras on JAX", "the node says what it trains with")
        await editor.undo()
        await editor.page.unroute("**/authorgan/drivers")
    })

    test("marks a train node whose runtime the service lacks, and how to get it, and nothing else", async () => {
        const message = "the backend 'jax' is not installed; `make run DRIVERS=all` installs it"
        const lacking = { problems: [{ pointer: "/backend", code: "not_installed", message }] }
        await editor.page.route("**/authorgan/resolve", (route) =>
            /"backend":"jax"/.test(route.request().postData())
                ? route.fulfill({ status: 422, json: lacking })
                : route.continue()
        )
        const choose = (runtime) =>
            editor.edit("first-gan-train", (dialog) => dialog.locator("#node-input-runtime").selectOption(runtime))
        await choose("jax")
        await editor.reasonAt("first-gan-train", /'jax' is not installed.*make run DRIVERS=all/)
        await editor.screenshot("runtime-missing")
        await editor.validAt("first-gan-gan")
        assert.match(await editor.badge("first-gan-generator"), /16×16/)
        await choose("")
        await editor.validAt("first-gan-train")
        await editor.page.unroute("**/authorgan/resolve")
    })

    test("is made shorter by looking at a part of the data only", async () => {
        await editor.edit("first-gan-data", async (dialog) => {
            await dialog.locator('[data-choice="digits"] > [data-field="count"] input').fill("320")
        })
        const { parameters } = await editor.properties("first-gan-data")
        assert.deepEqual(parameters, { image_size: 16, count: 320 })
    })

    test("trains at the press of its button: losses and pictures appear below the preview", async () => {
        await editor.deploy()
        await editor.pressButton("first-gan-start")
        await until(async () => (await editor.card("first-gan-preview")).lines[0] > 3, "a curve appears", PATIENCE_MS)
        await until(
            async () => (await editor.card("first-gan-preview")).picture > 100,
            "a picture appears",
            PATIENCE_MS
        )
        await until(async () => (await editor.status("first-gan-train")) === "done", "the training ends", PATIENCE_MS)
        const job = await system.newestJob()
        assert.equal(job.state, "succeeded")
        assert.equal(job.progress.total, 30)
        const step = editor.node("first-gan-preview").locator(".authorgan-card-text").first()
        // 320 pictures in batches of 32, three times.
        await until(async () => (await step.textContent()) === "step 30", "the last picture is shown")
        await editor.screenshot("first-flow-trained")
    })

    test("shows it as large as one pulls it, and undo takes that back", async () => {
        const width = async () => (await editor.properties("first-gan-preview")).width
        const picture = async () => (await editor.card("first-gan-preview")).picture
        const corner = await editor.node("first-gan-preview").locator(".authorgan-card-corner").boundingBox()
        const before = await picture()
        await editor.page.mouse.move(corner.x + 8, corner.y + 8)
        await editor.page.mouse.down()
        await editor.page.mouse.move(corner.x - 52, corner.y + 8, { steps: 4 })
        await editor.page.mouse.up()
        assert.equal(await width(), 200)
        await until(async () => (await picture()) === before - 60, "the picture is 60 narrower")
        await editor.undo()
        assert.equal(await width(), 260)
    })

    test("shows its latest picture to whoever opens the editor later", async () => {
        const late = await Editor.open(browser, system.editor)
        await until(async () => (await late.card("first-gan-preview")).picture > 100, "the picture appears")
        await until(async () => (await late.card("first-gan-preview")).lines[0] > 3, "and the curve")
        await late.page.close()
    })

    test("is paused, resumed and stopped by buttons", async () => {
        await editor.edit("first-gan-training", async (dialog) => {
            await dialog.locator('[data-choice="alternating"] > [data-field="epochs"] input').fill("5000")
        })
        await editor.deploy()
        const status = (pattern) =>
            until(
                async () => pattern.test(await editor.status("first-gan-train")),
                `the status becomes ${pattern}`,
                PATIENCE_MS
            )
        await editor.pressButton("first-gan-start")
        await status(/\/50\.0k/)
        await editor.pressButton("first-gan-pause")
        await status(/^paused$/)
        await editor.pressButton("first-gan-resume")
        await status(/\/50\.0k/)
        await editor.pressButton("first-gan-stop")
        await status(/^stopped$/)
    })
})

describe("a drawing that cannot work is marked before it is deployed", () => {
    test("a parameter out of bounds, with the bound", async () => {
        await editor.edit("first-gan-generator", async (dialog) => {
            await dialog.locator('[data-choice="dcgan"] > [data-field="latent_dim"] input').fill("0")
        })
        await editor.reasonAt("first-gan-generator", /Latent size: 0 is too small; the least is 1/)
        assert.match(await editor.tooltip("first-gan-generator"), /Latent size: 0 is too small/)
        await editor.screenshot("marked-node")
        await editor.undo()
        await editor.validAt("first-gan-generator")
    })

    test("what only the service can know", async () => {
        await editor.edit("first-gan-discriminator", async (dialog) => {
            await dialog.locator("#node-input-choice").selectOption("cgan")
        })
        await editor.edit("first-gan-data", async (dialog) => {
            await dialog.locator("#node-input-choice").selectOption("images")
            await dialog.locator('[data-choice="images"] > [data-field="path"] input').fill("/no/labels.zip")
        })
        await editor.reasonAt("first-gan-discriminator", /class/)
        await editor.undo()
        await editor.undo()
        await editor.validAt("first-gan-discriminator")
    })

    test("what only a start can find: data that is not there marks its node until it is changed", async () => {
        await editor.edit("first-gan-data", async (dialog) => {
            await dialog.locator("#node-input-choice").selectOption("npz")
            await dialog.locator('[data-choice="npz"] > [data-field="path"] input').fill("/nowhere/digits.npz")
        })
        await editor.deploy()
        await editor.pressButton("first-gan-start")
        await editor.reasonAt("first-gan-data", /nowhere/)
        await until(async () => (await editor.status("first-gan-train")) === "refused", "the train node says so")
        await editor.undo()
        await editor.validAt("first-gan-data")
    })

    test("a module that is missing, until undo brings it back", async () => {
        await editor.page.evaluate(() => {
            RED.view.select({ nodes: [RED.nodes.node("first-gan-discriminator")] })
            RED.actions.invoke("core:delete-selection")
        })
        await editor.reasonAt("first-gan-gan", /has no discriminator/)
        await editor.undo()
        await editor.validAt("first-gan-gan")
    })

    test("a second generator, at both", async () => {
        await editor.page.evaluate(() => {
            const { id, type, z, x, name, choice, parameters } = RED.nodes.node("first-gan-generator")
            RED.nodes.import([{ id: `${id}-2`, type, z, x, y: 600, name, choice, parameters, wires: [[]] }])
            const [source, target] = [RED.nodes.node(`${id}-2`), RED.nodes.node("first-gan-gan")]
            RED.nodes.addLink({ source, sourcePort: 0, target })
        })
        for (const id of ["first-gan-generator", "first-gan-generator-2"])
            await editor.reasonAt(id, /2 are wired into it/)
        await editor.page.evaluate(() => {
            RED.view.select({ nodes: [RED.nodes.node("first-gan-generator-2")] })
            RED.actions.invoke("core:delete-selection")
        })
        await editor.validAt("first-gan-generator")
    })
})

test("a GAN is drawn by hand on an empty canvas, without opening a dialog", async () => {
    await editor.addFlow()
    const gan = await editor.drag("authorgan-gan", 400, 200)
    const train = await editor.drag("authorgan-train", 600, 200)
    await editor.wire(gan, train)
    await editor.reasonAt(gan, /has no data/)
    const generator = await editor.drag("authorgan-generator", 180, 200)
    await editor.wire(generator, gan)
    await editor.wire(await editor.drag("authorgan-data", 180, 120), gan)
    await editor.wire(await editor.drag("authorgan-discriminator", 180, 280), gan)
    await editor.validAt(gan)
    await editor.validAt(train)
    await until(async () => (await editor.badge(generator)).startsWith("16×16×1"), "its shape appears")
    const inject = await editor.drag("inject", 400, 100)
    await editor.wire(inject, train)
    await editor.screenshot("drawn-by-hand")
    await editor.deploy()
    await editor.pressButton(inject)
    await until(async () => /^\d/.test(await editor.status(train)), "it trains", PATIENCE_MS)
    const [{ id }] = await system.jobs("state=running")
    await system.post(`/v1/jobs/${id}/actions`, { action: "stop" })
    await until(async () => (await editor.status(train)) === "stopped", "it stops", PATIENCE_MS)
})

test("the rows of a sweep are judged as they are typed, mark the node, and are kept", async () => {
    await editor.addFlow()
    const gan = await editor.drag("authorgan-gan", 300, 200)
    const sweep = await editor.drag("authorgan-sweep", 600, 200)
    await editor.wire(gan, sweep)
    await editor.validAt(sweep)
    const row = (dialog, kind) => dialog.locator(`.authorgan-sweep-${kind}`)
    await editor.edit(sweep, async (dialog) => {
        await dialog.locator(".red-ui-editableList-addButton").click()
        await row(dialog, "pointer").fill("/training/seed")
        await row(dialog, "values").fill("0, 1")
        await row(dialog, "pointer").focus()
        await until(
            async () => /are not a list/.test(await dialog.locator(".authorgan-reason").textContent()),
            "the row says what is wrong"
        )
    })
    await editor.reasonAt(sweep, /are not a list as JSON/)
    await editor.edit(sweep, async (dialog) => {
        assert.equal(await row(dialog, "values").inputValue(), "0, 1")
        await row(dialog, "values").fill("[0, 1]")
        await dialog.locator("#node-input-generator").fill("gan, vae")
    })
    await editor.reasonAt(sweep, /"vae" is no generator of the catalogue/)
    await editor.screenshot("sweep")
    await editor.edit(sweep, async (dialog) => dialog.locator("#node-input-generator").fill("gan, dcgan"))
    await editor.validAt(sweep)
    assert.deepEqual((await editor.properties(sweep)).rows, [{ pointer: "/training/seed", values: "[0, 1]" }])
})

describe("the service node", () => {
    const openService = async () => {
        await editor.page.evaluate(() => RED.editor.editConfig("", "authorgan-service", "first-gan-service"))
        const dialog = editor.page.locator(".red-ui-tray").last()
        await dialog.locator("#authorgan-test").waitFor()
        return dialog
    }
    const close = async (dialog) => {
        await dialog.locator("#node-config-dialog-cancel").click()
        await dialog.waitFor({ state: "detached" })
    }

    test("says what it found", async () => {
        const dialog = await openService()
        await dialog.locator("#authorgan-test").click()
        const found = dialog.locator('#authorgan-test-result[data-kind="good"]')
        await found.waitFor()
        assert.match(
            await found.textContent(),
            /AuthorGAN [\d.]+ answers and knows \d+ data sets\. It is ready to train; workers: 1\./
        )
        await close(dialog)
    })

    test("says when nobody is there", async () => {
        const dialog = await openService()
        await dialog.locator("#node-config-input-url").fill("http://127.0.0.1:9")
        await dialog.locator("#authorgan-test").click()
        const bad = dialog.locator('#authorgan-test-result[data-kind="bad"]')
        await bad.waitFor()
        assert.match(await bad.textContent(), /127\.0\.0\.1:9 does not answer.*make run/)
        await close(dialog)
    })
})

test("a service that is away is said once, and drawing goes on", async () => {
    const away = editor.page.locator(".red-ui-notification", { hasText: "does not answer" })
    const change = (url) => editor.change("first-gan-service", { url })
    const rename = (name) => editor.change("first-gan-gan", { name })
    await editor.show("first-gan")
    await change("http://127.0.0.1:9")
    await rename("first")
    await away.waitFor()
    await rename("second")
    await editor.settled()
    assert.equal(await away.count(), 1)
    assert.equal(await editor.badge("first-gan-generator"), "")
    await editor.validAt("first-gan-generator")
    await change(system.url)
    await rename("")
    await until(async () => (await editor.badge("first-gan-generator")) !== "", "shapes come back")
})

test("nothing of all this was an error of the page", () => {
    assert.deepEqual(editor.errors, [])
})
