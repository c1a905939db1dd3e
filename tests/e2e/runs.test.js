/**
 * Runs in a real browser: found, watched, steered, compared, put into the bin and taken out again in the sidebar; started
 * from in the dialogs of networks.
 */
const assert = require("node:assert/strict")
const { describe, test } = require("node:test")
const { until } = require("../palette/support/until")
const { openEditor, PATIENCE_MS } = require("./support/start")

let system
let editor
let page

const SPEC = {
    data: { choice: "digits", image_size: 8, count: 320 },
    generator: { choice: "gan", widths: [32] },
    discriminator: { choice: "gan", widths: [32] },
    training: { epochs: 4, batch_size: 32 },
    evaluation: { metrics: ["mmd"], every_epochs: 2, sample_count: 100 }
}

async function submit(name, changes = {}) {
    const response = await system.post("/v1/jobs", { ...SPEC, name, ...changes })
    assert.equal(response.status, 202)
    return (await response.json()).id
}

async function submitSweep(sweep) {
    const response = await system.post("/v1/sweeps", sweep)
    assert.equal(response.status, 202)
    return (await response.json()).id
}

/** The same data and generator, a discriminator of another size, and a button that starts the training. */
const TUNING = [
    { id: "tuning", type: "tab", label: "Tuning" },
    ...[
        [
            "tuning-data",
            "authorgan-data",
            "tuning-gan",
            { choice: "digits", parameters: { image_size: 8, count: 320 } }
        ],
        ["tuning-generator", "authorgan-generator", "tuning-gan", { choice: "gan", parameters: { widths: [32] } }],
        ["tuning-critic", "authorgan-discriminator", "tuning-gan", { choice: "gan", parameters: { widths: [48] } }],
        ["tuning-training", "authorgan-training", "tuning-gan", { choice: "alternating", parameters: { epochs: 1 } }],
        ["tuning-gan", "authorgan-gan", "tuning-train", { name: "tuned", parameters: {} }],
        ["tuning-start", "inject", "tuning-train", { props: [], repeat: "", crontab: "", once: false }]
    ].map(([id, type, to, more], at) => ({
        ...{ id, type, z: "tuning", name: "", x: at < 4 ? 200 : 200 * (at - 2), y: 100 + 60 * (at % 4), wires: [[to]] },
        ...more
    })),
    {
        ...{ id: "tuning-train", type: "authorgan-train", z: "tuning", name: "", x: 760, y: 100 },
        ...{ service: "first-gan-service", runtime: "jax", wires: [[], [], []] }
    }
]

const row = (id) => page.locator(`[data-run="${id}"]`)
const names = () => page.locator(".authorgan-runs-name").allTextContents()
const press = (place, label) => place.getByRole("button", { name: label, exact: true }).click()
const back = () => page.locator(".authorgan-runs-back").click()

const begin = (opened) => {
    ;({ system, editor } = opened)
    page = editor.page
}
// The list of runs is empty in the beginning.
openEditor(begin, { alone: true })

describe("the sidebar of runs", () => {
    let slow
    let fast

    test("says what will be there as long as nothing is", async () => {
        await page.evaluate(() => RED.actions.invoke("authorgan:show-runs"))
        await page.getByText("No training has run here yet.").waitFor()
    })

    test("lists runs as they come, with state, progress and picture", async () => {
        slow = await submit("slow", { optimizer: { choice: "adam", learning_rate: 0.0001 } })
        fast = await submit("fast", { optimizer: { choice: "adam", learning_rate: 0.001 } })
        await until(async () => (await row(fast).getAttribute("data-state")) === "succeeded", "both ran", PATIENCE_MS)
        assert.deepEqual(await names(), ["fast", "slow"])
        assert.match(await row(slow).locator(".authorgan-runs-line").textContent(), /^done · /)
        await row(slow).locator(".authorgan-runs-thumbnail img").waitFor()
    })

    test("opens a run: a curve a network, samples under a slider, the spec", async () => {
        await row(slow).locator(".authorgan-runs-open").click()
        await page.locator(".authorgan-runs-beside img").first().waitFor()
        const step = page.locator(".authorgan-runs-step")
        const { samples } = await system.get(`/v1/jobs/${slow}/samples`)
        assert.equal(await step.textContent(), `step ${samples[0].step}`)
        const beside = page.locator(".authorgan-runs-beside img")
        await until(async () => (await beside.count()) === 2, "real samples stand beside them")
        const widths = (images) => Promise.all(images.map((image) => image.decode().then(() => image.naturalWidth)))
        const [drawn, real] = await beside.evaluateAll(widths)
        assert.equal(drawn, real)
        await press(page.locator(".authorgan-runs-samples"), "Earlier")
        assert.equal(await step.textContent(), `step ${samples[1].step}`)
        const labels = page.locator(".u-legend .u-series:visible .u-label")
        await until(async () => (await labels.count()) === 3, "the curves are drawn")
        assert.deepEqual(await labels.allTextContents(), ["step", "generator", "discriminator"])
        await page.getByText("Resolved spec").click()
        const spec = JSON.parse(await page.locator(".authorgan-runs-facts pre").textContent())
        assert.equal(spec.optimizer.generator.learning_rate, 0.0001)
        await page.locator(".authorgan-runs-reading b").first().waitFor()
        // The score, and beside it what real samples score.
        const score = page.locator(".authorgan-runs-measures figcaption").first()
        assert.match(await score.textContent(), /^MMDMMD [\d.e-]+real against real [\d.e-]+$/)
        // How it trains: what the discriminator tells right, how hard each network is pulled.
        const training = page.locator(".authorgan-runs-measures details", { hasText: "How it trains" })
        await training.locator("summary").click()
        await until(async () => (await training.locator("figcaption").count()) === 3, "there are three charts")
        const captions = await training.locator("figcaption").allTextContents()
        assert.match(captions[0], /^Accuracyreal [\d.]+generated [\d.]+$/)
        assert.match(captions[1], /^Gradient normgenerator [\d.]+discriminator [\d.]+$/)
        assert.match(captions[2], /^Learning rategenerator 1.00e-4discriminator 1.00e-4$/)
        await editor.screenshot("run")
    })

    test("explores the noise: along directions, to another sample, and into a hidden layer", async () => {
        const explorer = page.locator(".authorgan-runs-explorer")
        await explorer.locator("summary").click()
        const source = async () => explorer.locator(".authorgan-runs-explored img").getAttribute("src")
        await explorer.locator(".authorgan-runs-explored img").waitFor({ timeout: PATIENCE_MS })
        const before = await source()
        await explorer.getByRole("slider", { name: /^Direction 1:/ }).fill("3")
        await until(async () => (await source()) !== before, "the sample has moved")
        await press(explorer, "The way to another sample")
        await until(async () => (await explorer.locator("img").count()) === 2, "there is a strip")
        await explorer.getByLabel("What a hidden layer shows").selectOption({ index: 1 })
        await until(async () => (await explorer.locator("img").count()) === 3, "the layer's maps are there")
        await editor.screenshot("explorer")
        await explorer.locator("summary").click()
    })

    test("takes a run home as a program", async () => {
        await page.locator(".authorgan-runs-exports summary").click()
        const [download] = await Promise.all([
            page.waitForEvent("download"),
            page.getByRole("button", { name: "PyTorch script" }).click()
        ])
        assert.match(download.suggestedFilename(), /^slow .*\.py$/)
    })

    test("a stretch of a curve is looked at closely, and the whole again", async () => {
        const over = page.locator(".authorgan-runs-curves .u-over")
        await over.scrollIntoViewIfNeeded()
        const plot = await over.boundingBox()
        await page.mouse.move(plot.x + plot.width * 0.5, plot.y + 20)
        await page.mouse.down()
        await page.mouse.move(plot.x + plot.width * 0.9, plot.y + 20, { steps: 4 })
        await page.mouse.up()
        await page.getByText("A stretch of the run").waitFor()
        await over.dblclick()
        await page.getByText("Drag over a stretch").waitFor()
    })

    test("a run is renamed, tagged and commented where it stands", async () => {
        await page.getByLabel("Name", { exact: true }).fill("slow and steady")
        await page.getByLabel("Tags, with commas between").fill("baseline, digits")
        await page.getByLabel("Comment", { exact: true }).fill("to compare with")
        await page.keyboard.press("Tab")
        // Each goes its own way.
        const kept = async () => {
            const { name, tags, comment } = await system.get(`/v1/jobs/${slow}`)
            return [name, ...tags, comment].join() === "slow and steady,baseline,digits,to compare with"
        }
        await until(kept, "all three are kept")
        assert.equal(await page.locator(".red-ui-notification-error").count(), 0)
        await back()
        await row(fast).waitFor()
        await page.getByLabel("Search names, tags, comments").fill("baseline")
        await until(async () => (await row(fast).count()) === 0, "only one is found")
        await until(async () => (await names()).join() === "slow and steadybaselinedigits", "the other stands there")
        await page.getByLabel("Search names, tags, comments").fill("")
        await row(fast).waitFor()
    })

    test("compares runs: curves over each other, and only the parameters that differ", async () => {
        for (const id of [slow, fast]) await row(id).locator("input").check()
        await page.getByRole("button", { name: "Compare (2)" }).click()
        const heads = page.locator(".authorgan-runs-table thead th")
        await heads.first().waitFor()
        assert.deepEqual((await heads.allTextContents()).slice(0, 3), [
            "Run",
            "generator learning_rate",
            "discriminator learning_rate"
        ])
        assert.deepEqual(await page.locator(".authorgan-runs-table tbody td:nth-child(2)").allTextContents(), [
            "1.00e-4",
            "0.001"
        ])
        await until(async () => (await page.locator(".authorgan-runs-gallery img").count()) === 2, "samples of both")
        await page.locator(".authorgan-runs-curves .u-over").waitFor()
        await editor.screenshot("comparison")
        // Samples that cannot be had: said in their place, and asked for again.
        const pictures = page.locator(".authorgan-runs-gallery .authorgan-runs-sample")
        const away = "The samples are elsewhere."
        await page.route(/\/samples\?/, (route) => route.fulfill({ status: 503, json: { message: away } }))
        await page.getByLabel("Step of the samples").fill("1")
        await until(async () => (await pictures.allTextContents()).join() === [away, away].join(), "it is said")
        await page.unroute(/\/samples\?/)
        // All at the same step: each has drawn from the same noise at step 0.
        await page.getByLabel("Step of the samples").fill("0")
        const atFirst = page.locator(".authorgan-runs-gallery figcaption", { hasText: / · step 0$/ })
        await until(async () => (await atFirst.count()) === 2, "both are at the first step")
        // Parallel coordinates, by keyboard: from the middle of the axis on, only the fast one is left.
        const from = page.getByRole("slider", { name: "generator learning_rate, from" })
        await from.focus()
        for (let press = 0; press < 10; press += 1) await page.keyboard.press("ArrowRight")
        assert.equal(await from.getAttribute("aria-valuetext"), "5.50e-4")
        await page.getByText("1 of 2 runs").waitFor()
        const rows = page.locator(".authorgan-runs-table tbody tr:visible a")
        await until(async () => (await rows.allTextContents()).join() === "fast", "the table has but the fast one")
        const figures = page.locator(".authorgan-runs-gallery figure:visible")
        await until(async () => (await figures.count()) === 1, "and so has the gallery")
        await press(page, "Show all")
        await until(async () => (await rows.count()) === 2, "both are shown")
        // And with the pointer: the middle of an axis, where neither run is; a double click takes it back.
        const axis = page.locator(".authorgan-runs-grip").first()
        await axis.scrollIntoViewIfNeeded()
        const { x, y, width, height } = await axis.boundingBox()
        await page.mouse.move(x + 0.4 * width, y + height / 2)
        await page.mouse.down()
        await page.mouse.move(x + 0.6 * width, y + height / 2, { steps: 4 })
        await page.mouse.up()
        await page.getByText("0 of 2 runs").waitFor()
        await until(async () => (await rows.count()) === 0, "none is left")
        await axis.dblclick()
        await until(async () => (await rows.count()) === 2, "all are back")
        await page.locator(".authorgan-runs-back").focus()
        await page.keyboard.press("Escape")
        await row(fast).waitFor()
    })

    test("puts a run into the bin, and takes it out again", async () => {
        await press(row(fast), "Delete")
        await until(async () => (await row(fast).count()) === 0, "it is gone")
        await page.getByRole("button", { name: "Undo" }).click()
        await row(fast).waitFor()
    })

    test("archives a run", async () => {
        await press(row(fast), "Archive")
        await until(async () => (await row(fast).count()) === 0, "it is out of the way")
        await page.getByLabel("Which runs").selectOption("archived")
        await press(row(fast), "Take out of the archive")
        await page.getByLabel("Which runs").selectOption("current")
        await row(fast).waitFor()
    })

    test("steers what is running", async () => {
        const long = await submit("long", { training: { epochs: 10_000, batch_size: 32 } })
        await press(row(long), "Pause")
        await until(async () => (await row(long).getAttribute("data-state")) === "paused", "it pauses", PATIENCE_MS)
        await press(row(long), "Stop")
        await until(async () => (await row(long).getAttribute("data-state")) === "stopped", "it stops", PATIENCE_MS)
    })

    test("shows a sweep: its runs, a heatmap of any value, and the way to each run", async () => {
        const choices = ["gan", "dcgan"]
        const spec = { data: SPEC.data, training: { epochs: 1, batch_size: 32 } }
        const id = await submitSweep({ name: "pairs", spec, pairs: { generator: choices, discriminator: choices } })
        await page.getByRole("button", { name: "Sweeps", exact: true }).click()
        const sweep = page.locator(`[data-sweep="${id}"]`)
        await until(async () => (await sweep.getAttribute("data-state")) === "succeeded", "all have run", PATIENCE_MS)
        assert.match(await sweep.locator(".authorgan-runs-line").textContent(), /^done · 4 of 4 ended · /)
        await sweep.locator(".authorgan-runs-open").click()
        await page.locator(".authorgan-runs-heatmap img").waitFor()
        await page.getByLabel("Value of the heatmap").selectOption("seconds_per_epoch")
        await editor.screenshot("sweep")
        const rows = async () => {
            const cells = await page.locator(".authorgan-runs-table tbody tr").allTextContents()
            return cells.map((row) => row.split("done")[0])
        }
        await until(async () => (await rows()).join() === "gangan,gandcgan,dcgangan,dcgandcgan", "a row a pair")
        await page.locator(".authorgan-runs-table a").first().click()
        await page.locator(".authorgan-runs-beside img").first().waitFor()
        await back()
        await page.locator(".authorgan-runs-heatmap").waitFor()
    })

    test("turns the pages of a long list", async () => {
        const seeds = Array.from({ length: 60 }, (_, seed) => seed)
        const id = await submitSweep({ name: "many", spec: SPEC, grid: { "/training/seed": seeds } })
        await system.post(`/v1/sweeps/${id}/actions`, { action: "stop" })
        await back()
        await page.getByRole("button", { name: "Runs", exact: true }).click()
        await page.getByText("page 1").waitFor()
        await until(async () => (await page.locator("[data-run]").count()) === 50, "the page is full")
        const first = await page.locator("[data-run]").first().getAttribute("data-run")
        await press(page, "Next page")
        await page.getByText("page 2").waitFor()
        await until(async () => (await page.locator("[data-run]").count()) < 50, "the rest is on the last page")
        assert.equal(await row(first).count(), 0)
        await page.getByLabel("Search names, tags, comments").fill("slow and steady")
        await until(async () => (await page.locator("[data-run]").count()) === 1, "a search begins with its first page")
        await page.getByLabel("Search names, tags, comments").fill("")
        await row(first).waitFor()
    })

    test("says in words what became of a run that diverged, and compares what is hard to compare", async () => {
        const diverging = await submit("diverging", {
            generator: { choice: "dcgan" },
            discriminator: { choice: "wgan" },
            loss: { choice: "wasserstein", regularizers: [] },
            optimizer: { choice: "sgd", learning_rate: 10 },
            evaluation: { metrics: [] }
        })
        const other = await submit("waves", {
            data: { choice: "sine", length: 8, channels: 2, count: 64 },
            evaluation: { metrics: [] }
        })
        await until(async () => (await row(diverging).getAttribute("data-state")) === "failed", "it fails", PATIENCE_MS)
        await until(async () => (await row(other).getAttribute("data-state")) === "succeeded", "it ends", PATIENCE_MS)
        await row(diverging).locator(".authorgan-runs-open").click()
        await page.getByText(/^failed · The training diverged at step/).waitFor()
        await page.getByText("It ended before the first loss was known.").waitFor()
        assert.ok(await page.locator(".authorgan-runs-samples").isHidden())
        await back()
        await press(page, "Choose none") // those of the comparison before
        for (const id of [diverging, other]) await row(id).locator("input").check()
        await page.getByRole("button", { name: "Compare (2)" }).click()
        await page.getByText(/The jobs learn from different data/).waitFor()
        await page.getByText("No samples.").waitFor()
        // Another client deletes one of them.
        await fetch(`${system.url}/v1/jobs/${other}`, { method: "DELETE" })
        await page.getByText("1 of them have been deleted.").waitFor({ timeout: PATIENCE_MS })
        await back()
    })

    test("goes on when the service was away, and tells of a run that somebody else has deleted", async () => {
        const long = await submit("watched", {
            training: { epochs: 10_000, batch_size: 32 },
            evaluation: { metrics: [] }
        })
        await until(async () => (await row(long).getAttribute("data-state")) === "running", "it runs", PATIENCE_MS)
        await row(long).locator(".authorgan-runs-open").click()
        await page.getByText(/^running · /).waitFor()
        // It is started again at once: it has to die until somebody has asked it in vain.
        const away = async () => {
            system.killApi()
            return page.getByText(/does not answer/).isVisible()
        }
        await until(away, "the page says that the service is away", PATIENCE_MS)
        await page.getByText(/^running · /).waitFor({ timeout: PATIENCE_MS })
        await system.post(`/v1/jobs/${long}/actions`, { action: "stop" })
        await page.getByText(/^stopped · /).waitFor({ timeout: PATIENCE_MS })
        assert.equal((await fetch(`${system.url}/v1/jobs/${long}`, { method: "DELETE" })).status, 204)
        await page.getByText("This run has been deleted.").waitFor({ timeout: PATIENCE_MS })
        await back()
    })

    test("a network starts from a run that is chosen in its dialog, with layers anew and frozen", async () => {
        await editor.place(TUNING)
        const layer = (dialog, id) => dialog.locator(`[data-layer="${id}"]`)
        const choose = async (dialog) => {
            await dialog.locator("#authorgan-transfer > summary").click()
            await layer(dialog, "dense_1").waitFor()
            const field = dialog.locator("#authorgan-weights-job")
            const offered = page.locator(".red-ui-autoComplete-container a")
            await field.click()
            await until(async () => (await offered.count()) > 1, "the latest runs are offered")
            await field.pressSequentially("fas")
            await until(async () => (await offered.count()) === 1, "only what fits is offered")
            await offered.filter({ hasText: /^fast/ }).click()
            assert.equal(await dialog.locator("#authorgan-weights-job").inputValue(), fast)
            await dialog.getByText(/^“fast”, done · /).waitFor()
        }
        await editor.edit("tuning-generator", async (dialog) => {
            await choose(dialog)
            assert.equal(await dialog.locator("[data-layer]:not(.authorgan-misfit)").count(), 2)
            await layer(dialog, "dense_1").getByLabel("dense_1 is frozen").check()
        })
        await until(
            async () => /1 frozen · from a run$/.test(await editor.badge("tuning-generator")),
            "the badge says so"
        )
        await editor.edit("tuning-critic", async (dialog) => {
            await choose(dialog)
            await dialog.getByText(/'discriminator\/dense_1\/kernel' is 64x32 instead of 64x48/).waitFor()
            assert.equal(await layer(dialog, "dense_1").locator("td").nth(1).textContent(), "Dense, 2.1 k")
            await editor.screenshot("start-from-a-run")
            await press(dialog, "Start anew what does not fit")
            await until(async () => (await dialog.getByText(/do not fit/).count()) === 0, "it fits now")
        })
        await editor.validAt("tuning-critic")
        await editor.deploy()
        await editor.pressButton("tuning-start")
        const tuned = async () => (await system.jobs("name=tuned"))[0]
        await until(async () => (await tuned())?.state === "succeeded", "it is tuned on JAX", PATIENCE_MS)
        const { spec } = await system.get(`/v1/jobs/${(await tuned()).id}`)
        assert.deepEqual([spec.driver, spec.backend], ["keras", "jax"])
        assert.deepEqual(spec.generator.weights, { job: fast, replace: [] })
        assert.deepEqual(spec.generator.frozen, ["dense_1"])
        assert.deepEqual(spec.discriminator.weights, { job: fast, replace: ["dense_1", "dense_2"] })

        // Another look and Done changes nothing; one step of the history takes back what was chosen.
        await editor.edit("tuning-critic", (dialog) => layer(dialog, "dense_2").waitFor())
        const saved = (id) => page.evaluate((id) => RED.nodes.node(id).weights, id)
        assert.deepEqual(await saved("tuning-critic"), { job: fast, replace: ["dense_1", "dense_2"] })
        await editor.undo()
        assert.ok(!(await saved("tuning-critic")))
    })

    test("nothing went wrong in the browser meanwhile", () => {
        assert.deepEqual(editor.errors, [])
    })
})
