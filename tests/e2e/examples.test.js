/** Every example flow: imported from the menu as a user does, and pressed. */
const assert = require("node:assert/strict")
const fs = require("node:fs")
const path = require("node:path")
const { before, describe, test } = require("node:test")
const { until } = require("../palette/support/until")
const { Editor } = require("./support/browser")
const { openEditor, PATIENCE_MS } = require("./support/start")
const { project, onNodeRed5 } = require("./support/system")

const MODULE = "@authorgan/node-red-contrib-authorgan"
const flows = fs.readdirSync(path.join(project, "flows"), { recursive: true }).filter((name) => name.endsWith(".json"))

/** On Node-RED 5 those that together hold every layer, loss and optimizer. */
const imported = onNodeRed5() ? flows.filter((name) => /^(01|15|Layers)/.test(name)) : flows

let system
let browser
let editor

openEditor((opened) => {
    ;({ system, browser, editor } = opened)
})

/** A flow of the project, made shorter. */
function shortened(name) {
    const text = fs.readFileSync(path.join(project, "flows", name), "utf8")
    return JSON.parse(
        text
            .replace(/("|\\")epochs\1: ?(\\"\d+\\"|\d+)/g, "$1epochs$1:1")
            .replace(/(\\"choice\\":\\"digits\\")/g, '$1,\\"count\\":320')
    )
}

describe("from the menu", () => {
    for (const name of imported) {
        const folders = name.replace(/\.json$/, "").split("/")
        const label = folders.pop()
        test(`Import > Examples > ${label}`, async () => {
            const { page } = editor
            const row = (text) => page.locator(".ui-dialog:visible .red-ui-treeList-label", { hasText: text })
            // The first flow is in the workspace already; a copy of it does no harm.
            const added = await editor.added(async () => {
                await page.evaluate(() => RED.actions.invoke("core:show-examples-import-dialog"))
                await row(MODULE).locator(".fa-angle-right").click()
                for (const folder of folders) {
                    const inside = row(new RegExp(`^\\s*${folder}\\s*$`))
                    await inside.locator(".fa-angle-right").click()
                }
                // A row that is still sliding into its place may miss a click.
                const ok = page.locator("#red-ui-clipboard-dialog-ok")
                await until(async () => {
                    await row(label).click()
                    return ok.isEnabled()
                }, `${label} is chosen`)
                await ok.click()
            })
            await editor.show(added)
            await editor.settled()
            const nodes = await editor.nodesIn(added)
            const flow = JSON.parse(fs.readFileSync(path.join(project, "flows", name)))
            const tab = flow.find(({ type }) => type === "tab").id
            const expected = flow.filter(({ z, x, type }) => z === tab && x !== undefined && type !== "group")
            assert.equal(nodes.length, expected.length)
            assert.deepEqual(
                nodes.filter(({ type, valid }) => type === "unknown" || valid === false),
                []
            )
            await editor.screenshot(["example", ...folders, label.match(/^\d+/)].join("-"))
        })
    }
})

/** Flows that are deployed and run; the others, drawn layer by layer, are trained in tests/drivers. */
const PRESSED = flows.filter((name) => /^(02|03|04|05|11|15|20|21|22|23|31|33|34|35|36|37) /.test(name))

describe("pressed", { skip: onNodeRed5() && "the trainings behind the buttons do not depend on the editor" }, () => {
    before(async () => {
        await editor.page.close()
        editor = await Editor.open(browser, system.editor)
        for (const name of PRESSED) await editor.place(shortened(name))
        // The files that the flows write, and the Python that runs them.
        const python = path.join(project, ".venv/bin/python")
        for (const [name, value] of Object.entries({ FOLDER: system.home, PYTHON: python }))
            await editor.page.evaluate(
                ([name, value]) => {
                    const { env } = RED.nodes.workspace("take-home")
                    env.find((variable) => variable.name === name).value = value
                },
                [name, value]
            )
        await editor.deploy()
    })

    const picture = (id) =>
        until(async () => (await editor.card(id)).picture > 100, `${id} shows a picture`, PATIENCE_MS)
    /** The grey values, or colours, of the picture that a preview shows. */
    const pixels = (id) =>
        editor.page.evaluate(async (address) => {
            const image = new Image()
            image.src = address
            await image.decode()
            const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d")
            canvas.drawImage(image, 0, 0)
            return [...canvas.getImageData(0, 0, image.width, image.height).data]
        }, `authorgan/preview/${id}/picture?${Date.now()}`)
    const status = (id, text) => until(async () => (await editor.status(id)) === text, `${id} is ${text}`, PATIENCE_MS)

    test("02: the paper's four keys, on the built-in digits", async () => {
        await editor.show("paper-json")
        await editor.pressButton("paper-json-digits")
        await picture("paper-json-preview")
        await status("paper-json-train", "done")
        const { spec } = await system.newestJob()
        assert.equal(spec.generator.choice, "dcgan")
        assert.equal(spec.data.choice, "digits")
    })

    test("03: a mixed pair takes the critic's loss", async () => {
        await editor.show("sixteen-pairs")
        await editor.pressButton("sixteen-pairs-pair-1")
        await picture("sixteen-pairs-preview")
        await status("sixteen-pairs-table", "1 done")
        const { spec } = await system.newestJob()
        assert.deepEqual([spec.generator.choice, spec.discriminator.choice], ["dcgan", "wgan"])
        assert.equal(spec.loss.choice, "wasserstein")
    })

    test("04: a digit that was asked for", async () => {
        await editor.show("asking")
        await editor.pressButton("asking-start")
        await status("asking-train", "done")
        await editor.pressButton("asking-digit-7")
        await picture("asking-drawn")
        await editor.screenshot("asking-for-a-digit")
    })

    test("05: a job over REST", async () => {
        await editor.show("over-rest")
        await editor.pressButton("over-rest-start")
        await picture("over-rest-preview")
        const [submitted] = await system.jobs("name=submitted")
        assert.equal(submitted.state, "succeeded")
    })

    test("11: waves are drawn as curves", async () => {
        await editor.show("waves")
        await editor.pressButton("waves-start")
        await picture("waves-preview")
        await status("waves-train", "done")
        await editor.screenshot("waves")
    })

    test("21: the second training starts from what the first has learned", async () => {
        await editor.show("fine-tune")
        await editor.pressButton("fine-tune-start")
        await status("fine-tune-tune", "done")
        const { spec } = await system.newestJob()
        const [, first] = await system.jobs()
        assert.equal(spec.generator.weights.job, first.id)
        assert.deepEqual(spec.discriminator.frozen, ["conv2d_1"])
    })

    /** What arrives at a debug node is shown in the sidebar, long texts by their beginning. */
    const read = (pattern) =>
        until(
            async () =>
                (await editor.page.locator(".red-ui-debug-msg").allTextContents()).some((text) => pattern.test(text)),
            `the debug sidebar says ${pattern}`,
            PATIENCE_MS
        )
    const trained = async (flow) => {
        await editor.show(flow)
        await editor.pressButton(`${flow}-start`)
        await status(`${flow}-train`, "done")
    }

    test("31: a training is read, filmed, and told as points", async () => {
        await trained("reading")
        await read(/Too early to say/)
        await picture("reading-film")
        const losses = /^generator \d.*, discriminator \d/
        await until(async () => losses.test(await editor.status("reading-losses")), "the losses are told as points")
        await editor.pressButton("reading-newest-run")
        await status("reading-find", "1 found")
    })

    test("33: what was trained is evaluated and ranked; what has no such score comes last, with the reason", async () => {
        await editor.show("ranking")
        await editor.pressButton("ranking-again")
        const found = await until(() => editor.status("ranking-find"), "runs are found", PATIENCE_MS)
        await read(new RegExp(`array\\[${Number.parseInt(found, 10)}\\]`))
        await read(/1\. \S/)
    })

    test("34: strips, a grid and a movie of what lies between", async () => {
        await trained("between")
        for (const what of ["strip", "straight", "grid", "movie"]) {
            await editor.pressButton(`between-${what}-ask`)
            await picture(`between-${what}`)
        }
        await editor.screenshot("interpolation")
    })

    test("35: the units that draw an eight, with them and without", async () => {
        await trained("dissection")
        await editor.pressButton("dissection-ask-8")
        for (const what of ["unit", "before", "after", "without"]) await picture(`dissection-${what}`)
        await editor.screenshot("dissection")
    })

    test("36: the noise moved along its directions", async () => {
        await trained("explorer")
        for (const what of ["direction-0", "direction-2", "moved"]) {
            await editor.pressButton(`explorer-${what}-ask`)
            await picture(`explorer-${what}`)
        }
        await editor.pressButton("explorer-directions-ask")
        await read(/sefa/)
    })

    test("37: feature maps of both networks, and a sum of classes", async () => {
        await trained("hidden")
        await editor.edit("hidden-late", async (dialog) => {
            await dialog.locator("#node-input-layer").click()
            await editor.page.locator(".red-ui-autoComplete-container").getByText("leakyrelu_3").click()
        })
        // After one epoch, not every class is drawn yet; points of the noise are there from the beginning.
        await editor.edit("hidden-sum", (dialog) =>
            dialog.locator("#node-input-terms").fill("seed 1 - seed 2 + seed 3")
        )
        await editor.deploy()
        for (const what of ["early", "late", "judged", "sum"]) {
            await editor.pressButton(`hidden-${what}-ask`)
            await picture(`hidden-${what}`)
        }
        assert.equal((await editor.properties("hidden-late")).layer, "leakyrelu_3")
        await editor.screenshot("hidden-layers")
    })

    test("20: the exported program, run by a Python of its own, prints the losses that were trained", async () => {
        await trained("take-home")
        await editor.pressButton("take-home-script")
        const script = path.join(system.home, "gan.py")
        await until(() => fs.existsSync(script) && fs.statSync(script).size > 0, "the script is written", PATIENCE_MS)
        await editor.pressButton("take-home-run")
        const curve = async (id) =>
            (await (await fetch(`${system.editor}authorgan/preview/${id}/curve`)).json()).points.map(([, loss]) => loss)
        await picture("take-home-drew")
        const here = await curve("take-home-preview")
        const drawn = async () => (await curve("take-home-ran")).length === here.length
        await until(drawn, `its ${here.length} losses are drawn`, PATIENCE_MS)
        const elsewhere = await curve("take-home-ran")
        // One computes in the precision that suits this machine, the other in float32.
        for (const [step, loss] of elsewhere.slice(0, 5).entries()) assert.ok(Math.abs(loss - here[step]) < 0.01)
        await editor.screenshot("take-home")
    })

    test("20: the run is taken home from the dialog of the preview, and opened in the sidebar from that of train", async () => {
        const { page } = editor
        const open = async (id) => {
            await editor.openDialog(id)
            await until(() => page.locator("#authorgan-take-home").isEnabled(), `the dialog of ${id} knows its run`)
        }
        await editor.show("take-home")
        await open("take-home-preview")
        await page.locator("#authorgan-take-home").click()
        const buttons = page.locator(".authorgan-dialog .authorgan-runs-exports button")
        await buttons.first().waitFor()
        await editor.screenshot("take-home-dialog")
        const [download] = await Promise.all([page.waitForEvent("download"), buttons.first().click()])
        assert.match(fs.readFileSync(await download.path(), "utf8"), /^"""Trains .* on digits/)
        await page.locator("#authorgan-dialog-cancel").click()
        await page.locator("#node-dialog-cancel").click()
        await editor.dialogIsGone()

        await open("take-home-train")
        await page.locator("#authorgan-open-run").click()
        const line = page.locator(".authorgan-runs-line")
        await until(async () => /^done/.test(await line.textContent()), "the sidebar shows the run")
        await editor.screenshot("open-its-run")
    })

    test("22: the runtimes are compared in a table, and by what they draw", async () => {
        await editor.show("four-runtimes")
        for (const runtime of ["pytorch", "torch"]) await editor.pressButton(`four-runtimes-${runtime}`)
        await status("four-runtimes-runs", "2 of 4")
        await picture("four-runtimes-sheets")
        await read(/runtime: "PyTorch"[\s\S]*runtime: "Keras on PyTorch"|array\[2\]/)
        await editor.screenshot("four-runtimes")
    })

    test("23: another runtime draws the same pictures, and goes on training", async () => {
        await trained("other-runtime")
        const shown = () =>
            editor.page.evaluate(
                () => document.querySelector('[id="other-runtime-drawn"] .authorgan-card-picture').href.baseVal
            )
        const drawnBy = async (runtime) => {
            const before = await shown()
            await editor.pressButton(`other-runtime-${runtime}`)
            await until(async () => (await shown()) !== before, `${runtime} has drawn`, PATIENCE_MS)
            return pixels("other-runtime-drawn")
        }
        const [here, there] = [await drawnBy("pytorch"), await drawnBy("jax")]
        assert.equal(here.length, there.length)
        assert.ok(here.every((value, at) => Math.abs(value - there[at]) <= 1))
        await editor.pressButton("other-runtime-go")
        await status("other-runtime-on", "done")
        const { spec } = await system.newestJob()
        const [, first] = await system.jobs()
        assert.deepEqual([spec.driver, spec.backend, spec.generator.weights.job], ["keras", "jax", first.id])
        await editor.screenshot("other-runtime")
    })

    test("15: other parts are wired in, and the training is what was wired", async () => {
        await editor.show("mix")
        await editor.page.evaluate(() => {
            const [wire] = RED.nodes.getNodeLinks("mix-hinge")
            RED.nodes.removeLink(wire)
        })
        await editor.wire("mix-least_squares", "mix-gan")
        await editor.wire("mix-lion", "mix-gan")
        await editor.reasonAt("mix-lion", /trains nothing/)
        await editor.undo()
        await editor.validAt("mix-lion")
        await editor.deploy()
        await editor.pressButton("mix-start")
        await picture("mix-preview")
        await status("mix-train", "done")
        const { spec } = await system.newestJob()
        assert.deepEqual(
            [spec.loss.choice, spec.optimizer.generator.choice, spec.optimizer.discriminator.choice],
            ["least_squares", "adam", "rmsprop"]
        )
        await editor.screenshot("losses-and-optimizers")
    })
})
