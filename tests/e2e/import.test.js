/** What was made elsewhere is opened in the editor: pictures that carry their spec, networks that other programs saved. */
const assert = require("node:assert/strict")
const { execFileSync } = require("node:child_process")
const path = require("node:path")
const { describe, test } = require("node:test")
const { until } = require("../palette/support/until")
const { openEditor, PATIENCE_MS } = require("./support/start")
const { project } = require("./support/system")

const SPEC = {
    ...{ name: "dropped", generator: { choice: "dcgan" }, discriminator: { choice: "dcgan" } },
    ...{ data: { choice: "digits", count: 320 }, training: { epochs: 1 } }
}
/** One grey pixel; no program of ours drew it. */
const PLAIN = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64"
)

/** A Sequential model with two layers of somebody's own code, as Keras 3 writes it into config.json. */
const LAMBDAS = {
    class_name: "Sequential",
    config: {
        layers: [
            { class_name: "InputLayer", config: { name: "noise", batch_shape: [null, 4] } },
            { class_name: "Lambda", config: { name: "swirl" } },
            { class_name: "Lambda", config: { name: "twirl" } }
        ]
    }
}

const CRITIC = `
import sys
import numpy as np
from onnx import TensorProto, helper, numpy_helper

weights = {"kernel": (8, 1, 4, 4), "bias": (8,), "matrix": (1, 392), "offset": (1,)}
nodes = [
    helper.make_node("Conv", ["picture", "kernel", "bias"], ["a"], strides=[2, 2], kernel_shape=[4, 4]),
    helper.make_node("LeakyRelu", ["a"], ["b"], alpha=0.2),
    helper.make_node("Flatten", ["b"], ["c"]),
    helper.make_node("Gemm", ["c", "matrix", "offset"], ["score"], transB=1),
]
put = helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["batch", 1, 16, 16])
out = helper.make_tensor_value_info("score", TensorProto.FLOAT, ["batch", 1])
fill = float(sys.argv[1])
held = [numpy_helper.from_array(np.full(shape, fill, np.float32), name) for name, shape in weights.items()]
model = helper.make_model(helper.make_graph(nodes, "critic", [put], [out], held))
sys.stdout.buffer.write(model.SerializeToString())
`

let system
let editor
let page
/** A training that has ended, its last sample, its generator as a .keras file. */
let job
let sample
let generator

const python = (...words) => execFileSync(path.join(project, ".venv/bin/python"), ["-c", ...words])
/** A .keras file, which is a zip with the model's description in it. */
const kerasFile = (model) =>
    python(
        "import sys, zipfile; zipfile.ZipFile(sys.stdout.buffer, 'w').writestr('config.json', sys.argv[1])",
        JSON.stringify(model)
    )
/** A critic of grey 16x16 pictures with its channels first, as PyTorch writes it: Conv, LeakyRelu, Flatten, Gemm. */
const onnxFile = (weights = 0) => python(CRITIC, `${weights}`)
const bytes = async (response) => Buffer.from(await response.arrayBuffer())

openEditor(async (opened) => {
    ;({ system, editor } = opened)
    page = editor.page
    ;({ id: job } = await (await system.post("/v1/jobs", SPEC)).json())
    const ended = async () => (await system.get(`/v1/jobs/${job}`)).state === "succeeded"
    await until(ended, "the training ends", PATIENCE_MS)
    sample = await bytes(await fetch(`${system.url}/v1/jobs/${job}/samples/latest.png`))
    const asked = { format: "keras", network: "generator" }
    generator = await bytes(await system.post(`/v1/models/${job}/export`, asked, "application/octet-stream"))
})

/** Drags files over the drawing and lets go of them. */
async function drop(...dropped) {
    const given = dropped.map(([name, content]) => [name, Buffer.from(content).toString("base64")])
    await page.evaluate((given) => {
        const dataTransfer = new DataTransfer()
        for (const [name, content] of given) {
            const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))
            dataTransfer.items.add(new File([bytes], name))
        }
        const fire = (type, selector) => {
            const event = new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true })
            document.querySelector(selector).dispatchEvent(event)
        }
        fire("dragenter", "#red-ui-workspace-chart")
        fire("drop", "#red-ui-drop-target")
    }, given)
}

const said = async (pattern) => {
    const notice = page.locator(".red-ui-notification:visible", { hasText: pattern })
    await notice.first().waitFor({ timeout: PATIENCE_MS })
    return notice.first()
}
/** Takes every notice away, so that the next one is new. */
async function clear() {
    await page.evaluate(() => {
        for (const notice of document.querySelectorAll(".red-ui-notification")) notice.close()
    })
    await page.waitForFunction(() => !document.querySelector(".red-ui-notification"))
}
const dragTargetIsGone = () => page.locator("#red-ui-drop-target").waitFor({ state: "hidden" })

describe("a picture of samples that is dropped on the drawing", () => {
    test("opens its drawing, and its job draws it again, pixel for pixel", async () => {
        const before = await editor.countNodes()
        await drop(["sample.png", sample])
        const notice = await said("pixel for pixel the same")
        await notice.locator("img").nth(1).waitFor()
        await editor.screenshot("dropped-picture")
        await dragTargetIsGone()
        const gan = await editor.inFlow("authorgan-gan")
        assert.equal((await editor.properties(gan)).name, "dropped")
        const generator = await editor.inFlow("authorgan-generator")
        await until(async () => /^16×16×1/.test(await editor.badge(generator)), "shapes appear")
        await editor.undo()
        assert.equal(await editor.countNodes(), before)
        await clear()
    })

    test("is drawn again as it was asked for: count, columns, seed", async () => {
        const asked = { count: 6, columns: 2, seed: 7 }
        await drop(["six.png", await bytes(await system.post(`/v1/models/${job}/sample`, asked, "image/png"))])
        const notice = await said("pixel for pixel the same")
        const sizes = await notice.locator("img").evaluateAll((images) =>
            Promise.all(
                images.map(async (image) => {
                    await image.decode()
                    return [image.naturalWidth, image.naturalHeight]
                })
            )
        )
        assert.deepEqual(sizes[0], sizes[1])
        assert.ok(sizes[0][0] < sizes[0][1])
        await editor.undo()
        await clear()
    })

    test("says that it has to be trained where its job is gone", async () => {
        await fetch(`${system.url}/v1/jobs/${job}`, { method: "DELETE" })
        await drop(["sample.png", sample])
        await said(`Its job ${job} is not at this service`)
        assert.ok(await editor.inFlow("authorgan-gan"))
        await editor.undo()
        await system.post(`/v1/jobs/${job}/actions`, { action: "restore" })
        await clear()
    })

    test("draws nothing where it carries no spec, or is no picture, and says why", async () => {
        const before = await editor.countNodes()
        await drop(["photo.png", PLAIN])
        await said("AUTHORGAN_PICTURES_CARRY_SPEC")
        await clear()
        await drop(["photo.png", "<script>alert(1)</script>"])
        await said("This is no PNG file")
        await dragTargetIsGone()
        assert.equal(await editor.countNodes(), before)
        await clear()
    })
})

describe("other files that are dropped", () => {
    test("a spec is drawn", async () => {
        await drop(["gan.json", JSON.stringify(SPEC)])
        await until(async () => {
            const gan = await editor.inFlow("authorgan-gan")
            return gan && (await editor.properties(gan)).name === "dropped"
        }, "the spec is drawn")
        await editor.undo()
    })

    test("a spec with problems is shown with them, to be mended", async () => {
        await drop(["gan.json", JSON.stringify({ ...SPEC, data: { choice: "digitz" } })])
        const wrong = page.locator(".authorgan-problems li")
        await until(async () => /digitz/.test(await wrong.allTextContents()), "the problem is shown")
        await page.locator("#authorgan-import-spec").fill(JSON.stringify(SPEC))
        await page.locator("#authorgan-import-draw").click()
        await page.locator(".authorgan-dialog").waitFor({ state: "detached" })
        await editor.undo()
    })

    test("a flow is Node-RED's own, as ever", async () => {
        const before = await editor.countNodes()
        const comment = { id: "dropped-comment", type: "comment", name: "hello", x: 100, y: 100, wires: [] }
        await drop(["flows.json", JSON.stringify([comment])])
        await until(async () => (await editor.countNodes()) === before + 1, "the flow is imported")
        await page.mouse.click(700, 500) // It hangs at the pointer until it is put down.
        await dragTargetIsGone()
        await editor.undo()
        await until(async () => (await editor.countNodes()) === before, "it is taken back")
    })

    test("several at once are too many", async () => {
        await drop(["a.png", PLAIN], ["b.png", PLAIN])
        await said("one file at a time")
        await clear()
    })
})

describe("a network that another program saved", () => {
    const drawIt = async () => {
        await page.locator("#authorgan-import-draw").click()
        await page.locator(".authorgan-dialog").waitFor({ state: "detached" })
    }
    /** What the networks in the flow are made of: types of their layers. */
    const layers = async () => {
        const nodes = await editor.nodesIn(await page.evaluate(() => RED.workspaces.active()))
        const prefix = "authorgan-layer-"
        return nodes.filter(({ type }) => type.startsWith(prefix)).map(({ type }) => type.replace(prefix, ""))
    }

    test("that takes noise is a generator, and becomes one of a new GAN on data that fits", async () => {
        const before = await editor.countNodes()
        await drop(["generator.keras", generator])
        assert.match(await page.locator("#authorgan-import-told").textContent(), /takes noise, so it is a generator/)
        await editor.screenshot("import-network")
        await drawIt()
        const node = await editor.inFlow("authorgan-generator")
        await until(async () => /^16×16×1/.test(await editor.badge(node)), "it makes pictures")
        await editor.validAt(await editor.inFlow("authorgan-gan"))
        assert.equal((await layers()).filter((type) => type === "up-sampling2d").length, 2)
        await editor.screenshot("imported-network")
        await editor.undo()
        assert.equal(await editor.countNodes(), before)
    })

    test("brings its weights along: the service keeps them, and a training of the drawing starts from them", async () => {
        await clear()
        await drop(["generator.keras", generator])
        await drawIt()
        await said("The layers of generator.keras are drawn. Its weights are kept as the run “generator”")
        const node = await editor.inFlow("authorgan-generator")
        await until(async () => (await editor.badge(node)).endsWith("weights of generator.keras"), "the badge tells")
        await editor.validAt(await editor.inFlow("authorgan-gan"))
        await editor.screenshot("imported-weights")
        const { job: kept, file } = await page.evaluate((id) => RED.nodes.node(id).weights, node)
        assert.equal(file, "generator.keras")
        const drawn = async (job) =>
            (await (await system.post(`/v1/models/${job}/sample`, { count: 4, seed: 5 })).json()).images
        assert.deepEqual(await drawn(kept), await drawn(job))
        await editor.edit(node, async (dialog) => {
            assert.equal(await dialog.locator("#authorgan-weights-job").inputValue(), kept)
            await dialog.getByLabel("dense_1 starts anew").check()
            assert.match(await dialog.locator("#authorgan-weights-file").textContent(), /generator\.keras/)
            await editor.screenshot("dialog-weights")
        })
        await editor.validAt(node)
        assert.equal(await page.evaluate((id) => RED.nodes.node(id).weights.file, node), "generator.keras")
        await page.evaluate(() => RED.actions.invoke("authorgan:export-spec"))
        const spec = JSON.parse(await page.locator("#authorgan-export-spec").inputValue())
        assert.deepEqual(spec.generator.weights, { job: kept, replace: ["dense_1"] })
        await page.locator("#authorgan-dialog-cancel").click()
        await editor.undo()
        await editor.undo()
        await editor.undo()
        await clear()
    })

    test("brings its layers where the service refuses its weights, which is said", async () => {
        await editor.show("first-gan")
        const jobs = async () => (await system.jobs()).length
        const before = await jobs()
        await drop(["broken.onnx", onnxFile(Number.NaN)])
        await page.locator("#authorgan-import-into").selectOption("first-gan-discriminator")
        await drawIt()
        await said("The layers of broken.onnx are drawn without its weights")
        await said("holds NaN or infinite numbers")
        await editor.screenshot("imported-without-weights")
        await until(async () => /^\d/.test(await editor.badge("first-gan-discriminator")), "the layers are measured")
        assert.doesNotMatch(await editor.badge("first-gan-discriminator"), /weights/)
        await editor.undo()
        await clear()
        await drop(["critic.onnx", onnxFile()])
        await page.locator("#authorgan-import-into").selectOption("first-gan-discriminator")
        await page.route("**/authorgan/resolve", (route) =>
            route.fulfill({ status: 504, json: { message: "http://127.0.0.1:5050 does not answer.", away: true } })
        )
        await drawIt()
        await said(/drawn without its weights[\s\S]*does not answer/)
        await page.unroute("**/authorgan/resolve")
        assert.equal((await layers()).length, 5)
        await editor.undo()
        await clear()
        await drop(["critic.onnx", onnxFile()])
        await page.locator("#authorgan-import-weights").uncheck()
        await drawIt()
        assert.equal(await page.locator(".red-ui-notification:visible").count(), 0)
        assert.equal(await jobs(), before)
        await editor.undo()
    })

    test("takes the place of a family in the GAN that is there", async () => {
        await editor.show("first-gan")
        await drop(["critic.onnx", onnxFile()])
        assert.match(await page.locator("#authorgan-import-told").textContent(), /takes data, so it is a discriminator/)
        await page.locator("#authorgan-import-into").selectOption("first-gan-discriminator")
        await drawIt()
        const choice = async () => (await editor.properties("first-gan-discriminator")).choice
        await until(async () => (await choice()) === "custom", "the layers are wired in")
        assert.deepEqual((await layers()).sort(), ["conv2d", "dense", "flatten", "input", "leaky-relu"])
        await editor.validAt("first-gan-gan")
        await editor.undo()
        assert.equal(await choice(), "dcgan")
    })

    test("is drawn where it does not fit its data, and its nodes say what is to be mended", async () => {
        const layers = [
            { class_name: "InputLayer", config: { name: "noise", batch_shape: [null, 20] } },
            { class_name: "Dense", config: { name: "tens", units: 10 } }
        ]
        await drop(["flat.keras", kerasFile({ class_name: "Sequential", config: { layers } })])
        await page.locator("#authorgan-import-told").waitFor()
        await drawIt()
        const dense = await until(() => editor.inFlow("authorgan-layer-dense"), "it is drawn")
        await editor.reasonAt(dense, /16x16x1/)
        await editor.screenshot("imported-with-problems")
        await editor.undo()
    })

    test("is refused layer by layer, by their names, and nothing is drawn", async () => {
        const before = await editor.countNodes()
        await page.evaluate(() => RED.actions.invoke("authorgan:import-spec"))
        const file = { name: "lambdas.keras", mimeType: "application/zip", buffer: kerasFile(LAMBDAS) }
        await page.locator("#authorgan-import-file").setInputFiles(file)
        const wrong = page.locator(".authorgan-problems li")
        await until(async () => (await wrong.count()) === 2, "both layers are named")
        assert.match((await wrong.allTextContents()).join(), /swirl[\s\S]*twirl/)
        await editor.screenshot("import-network-refused")
        await page.locator("#authorgan-dialog-cancel").click()
        assert.equal(await editor.countNodes(), before)
    })
})

test("nothing of all this was an error of the page", () => {
    assert.deepEqual(editor.errors, [])
})
