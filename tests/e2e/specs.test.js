/** From a spec to a drawing and back, in the editor: import, export, unfolding from the menu. */
const assert = require("node:assert/strict")
const fs = require("node:fs")
const os = require("node:os")
const path = require("node:path")
const { describe, test } = require("node:test")
const { until } = require("../palette/support/until")
const { openEditor } = require("./support/start")

/** The form of the AuthorGAN paper, with numbers written as texts. */
const PAPER = {
    GAN_model: { epochs: "5", mini_batch_size: "32" },
    generator: { choice: "WGAN", input_shape: "100" },
    discriminator: { choice: "DCGAN" },
    data_path: "dataset/mnistData.pkl"
}

let system
let editor
let page

openEditor(async (opened) => {
    ;({ system, editor } = opened)
    page = editor.page
    // The service node of the first flow is the one that is asked.
    await editor.change("first-gan-service", { url: system.url })
})

/** What undo has to bring back. */
const state = async () => ({
    count: await editor.countNodes(),
    flow: await page.evaluate(() => RED.workspaces.active()),
    flows: await editor.flows()
})
const problems = () => page.locator(".authorgan-problems li").allTextContents()
const closed = () => page.locator(".authorgan-dialog").waitFor({ state: "detached" })

/** Chooses an entry of the palette's menu, as a person does. */
async function choose(entry) {
    await page.locator("#red-ui-header-button-sidemenu").click()
    await page.locator("#authorgan-menu").hover()
    await page.locator(`#authorgan-menu-${entry}`).click()
}

async function importSpec(spec) {
    await choose("import-spec")
    await page.locator("#authorgan-import-spec").fill(typeof spec === "string" ? spec : JSON.stringify(spec))
    await page.locator("#authorgan-import-draw").click()
}

/** The spec that the export window shows. */
async function exported(form) {
    await choose("export-spec")
    await page.locator("#authorgan-export-form").selectOption(form)
    const shown = page.locator("#authorgan-export-spec")
    const spec = JSON.parse(await until(() => shown.inputValue(), `the ${form} spec is shown`))
    await page.locator("#authorgan-dialog-cancel").click()
    await closed()
    return spec
}

const resolve = async (spec) => (await system.post("/v1/specs/resolve", spec)).json()

describe("importing a spec", () => {
    test("draws a GAN of the zoo with its layers, ready to train, in one step of the history", async () => {
        const start = await state()
        await choose("import-spec")
        await page.locator("#authorgan-import-zoo option[value=wgan]").waitFor({ state: "attached" })
        await page.locator("#authorgan-import-zoo").selectOption("wgan")
        await until(async () => (await page.locator("#authorgan-import-spec").inputValue()) !== "", "the spec is there")
        await page.locator("#authorgan-import-layers").check()
        await editor.screenshot("import")
        await page.locator("#authorgan-import-draw").click()
        await closed()
        const drawn = await state()
        assert.equal(drawn.flows.length, start.flows.length + 1)
        const generator = await editor.inFlow("authorgan-generator")
        await until(async () => /^16×16×1/.test(await editor.badge(generator)), "shapes appear")
        const invalid = (await editor.nodesIn(drawn.flow)).filter(({ valid }) => valid === false)
        assert.deepEqual(invalid, [])
        await editor.screenshot("imported")

        // What is drawn is what the zoo says: loss, optimizer and training of its critic, although that is layers now.
        const said = (await resolve(await exported("drawn"))).spec
        const { spec } = await resolve(await system.get("/v1/zoo/wgan"))
        for (const key of ["data", "loss", "optimizer", "training"]) assert.deepEqual(said[key], spec[key])
        assert.deepEqual(said.generator.layers, spec.generator.layers)

        await editor.undo()
        assert.deepEqual(await state(), start)
    })

    test("takes the form of the paper, from a file, and tells what it corrected", async () => {
        const file = path.join(os.tmpdir(), `authorgan-paper-${process.pid}.json`)
        fs.writeFileSync(file, JSON.stringify(PAPER))
        await choose("import-spec")
        await page.locator("#authorgan-import-file").setInputFiles(file)
        // The browser reads the file when the dialog asks for it, so it must still be there.
        await until(async () => (await page.locator("#authorgan-import-spec").inputValue()) !== "", "the file is read")
        fs.rmSync(file)
        await page.locator("#authorgan-import-draw").click()
        await closed()
        const notice = page.locator(".red-ui-notification", { hasText: "Read with these corrections" })
        await notice.waitFor()
        const { hash } = await resolve(PAPER)
        assert.equal((await resolve(await exported("drawn"))).hash, hash)
        await editor.undo()
    })

    test("shows everything that is wrong, and draws nothing", async () => {
        const start = await state()
        await importSpec({ data: { choice: "digitz" }, generator: { choice: "dcgan", filtres: 3 }, discriminator: {} })
        await until(async () => (await problems()).length === 3, "three problems are shown")
        assert.match((await problems()).join("\n"), /digitz[\s\S]*filtres[\s\S]*discriminator needs a choice/)
        await editor.screenshot("import-refused")
        await page.locator("#authorgan-import-spec").fill("{ no")
        await page.locator("#authorgan-import-draw").click()
        await until(async () => /no JSON/.test(await problems()), "it is no JSON")
        await page.locator("#authorgan-dialog-cancel").click()
        await closed()
        assert.deepEqual(await state(), start)
    })

    test("refuses a layer id that stands twice, and names both", async () => {
        const layers = [
            { id: "noise", type: "Input", source: "noise", inputs: [] },
            { id: "a", type: "Dense", units: 256, inputs: ["noise"] },
            { id: "a", type: "Reshape", target_shape: [16, 16, 1], inputs: ["a"] }
        ]
        const generator = { choice: "custom", layers }
        await importSpec({ data: { choice: "digits" }, generator, discriminator: { choice: "dcgan" } })
        await until(async () => /two layers have the id 'a'.*layers\/1/.test(await problems()), "the id is told")
        await page.locator("#authorgan-dialog-cancel").click()
        await closed()
    })
})

describe("exporting", () => {
    test("shows the spec as it is drawn, and resolved; copies and downloads it", async () => {
        await editor.show("first-gan")
        const drawn = await exported("drawn")
        assert.deepEqual(drawn.generator, { choice: "dcgan" })
        assert.ok(!JSON.stringify(drawn).includes("node_id"))
        assert.deepEqual((await resolve(drawn)).spec, await exported("resolved"))

        await editor.edit("first-gan-gan", async (dialog) => {
            await dialog.locator("#node-input-name").fill("my first")
        })
        await editor.openDialog("first-gan-gan")
        await page.locator("#authorgan-export").click()
        await page.locator("#authorgan-export-spec").waitFor()
        await editor.screenshot("export")
        const [download] = await Promise.all([
            page.waitForEvent("download"),
            page.locator("#authorgan-export-download").click()
        ])
        assert.equal(download.suggestedFilename(), "my_first.json")
        assert.deepEqual(JSON.parse(fs.readFileSync(await download.path())), { ...drawn, name: "my first" })
        await page.locator("#authorgan-dialog-cancel").click()
        await closed()
    })

    test("tells what is wrong where it does not resolve, beside what is drawn", async () => {
        await editor.setParameters("first-gan-data", { image_size: 2 })
        await choose("export-spec")
        await until(async () => (await problems()).length > 0, "a problem is shown")
        assert.ok(await page.locator("#authorgan-export-form option[value=resolved]").isDisabled())
        assert.match(await page.locator("#authorgan-export-spec").inputValue(), /"image_size": 2/)
        await page.locator("#authorgan-dialog-cancel").click()
        await closed()
        await editor.setParameters("first-gan-data", { image_size: 16 })
    })
})

describe("unfolding from the menu", () => {
    test("a critic into layers keeps the loss, the optimizer and the training that went with its family", async () => {
        await importSpec({
            ...{ data: { choice: "digits" }, generator: { choice: "dcgan" }, discriminator: { choice: "wgan" } },
            name: "critic"
        })
        await closed()
        // As somebody draws it who leaves to the critic what goes with it.
        await page.evaluate(() => {
            const z = RED.workspaces.active()
            const types = ["authorgan-loss", "authorgan-optimizer", "authorgan-training"]
            RED.view.select({ nodes: types.flatMap((type) => RED.nodes.filterNodes({ z, type })) })
            RED.actions.invoke("core:delete-selection")
        })
        const critic = await editor.inFlow("authorgan-discriminator")
        await until(async () => (await editor.badge(critic)) !== "", "the critic is measured")
        const before = await exported("resolved")
        const count = await editor.countNodes()
        await page.evaluate((id) => RED.view.select({ nodes: [RED.nodes.node(id)] }), critic)
        await choose("unfold")
        await until(async () => (await editor.countNodes()) > count, "layers are placed")
        const after = await exported("resolved")
        assert.equal(after.discriminator.choice, "custom")
        for (const key of ["loss", "optimizer", "training"]) assert.deepEqual(after[key], before[key])
        const bare = ({ layers }) => layers.map(({ node_id, ...layer }) => layer)
        assert.deepEqual(bare(after.discriminator), bare(before.discriminator))
        await editor.screenshot("unfolded-critic")
        await editor.undo()
        assert.equal(await editor.countNodes(), count)
        assert.deepEqual(await exported("resolved"), before)
    })
})

test("a flow that an earlier palette saved is brought up to date as it is imported", async () => {
    const saved = JSON.parse(fs.readFileSync(path.join(__dirname, "../palette/saved/version-1.json"), "utf8"))
    await editor.place(saved.filter(({ type }) => type !== "authorgan-service"))
    const { name, version } = await editor.properties("conv")
    assert.deepEqual([name, version], ["conv_a", 2])
    await until(async () => (await editor.badge("act")) === "16×16×1", "it is measured")
})

test("nothing of all this was an error of the page", () => {
    assert.deepEqual(editor.errors, [])
})
