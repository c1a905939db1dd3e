/** A real Chromium, and what a person does in the editor with it. */
const fs = require("node:fs")
const path = require("node:path")
const { load } = require("../../palette/support/palette")
const { until } = require("../../palette/support/fake-service")

const { chromium } = load("playwright-core")

const NAMES = ["chromium", "chromium-browser", "google-chrome"]
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS.push("--disable-component-update", "--disable-sync")

/** Where screenshots go, if anywhere. */
const SCREENSHOTS = process.env.AUTHORGAN_SCREENSHOTS

function findChromium() {
    const places = process.env.PATH.split(path.delimiter).flatMap((folder) =>
        NAMES.map((name) => path.join(folder, name))
    )
    const found = [process.env.CHROMIUM, ...places].find((place) => place && fs.existsSync(place))
    if (!found) throw new Error("The browser tests need Chromium: put it on the PATH, or its path into CHROMIUM.")
    return found
}

/** @param {string[]} [flags]  beside those that a browser in a test needs */
const launch = (flags = []) => chromium.launch({ executablePath: findChromium(), args: [...FLAGS, ...flags] })

/** One editor in one browser tab. */
class Editor {
    static async open(browser, url) {
        const editor = new Editor()
        editor.page = await browser.newPage({ viewport: { width: 1500, height: 950 } })
        editor.errors = []
        editor.page.on("pageerror", (error) => editor.errors.push(error.stack || error.message))
        await editor.page.goto(url)
        await editor.page.waitForSelector(".red-ui-flow-node-group")
        return editor
    }

    screenshot(name) {
        if (!SCREENSHOTS) return null
        fs.mkdirSync(SCREENSHOTS, { recursive: true })
        return this.page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`) })
    }

    /** The node's group in the drawing. */
    node(id) {
        return this.page.locator(`[id="${id}"]`)
    }

    async pressButton(id) {
        await this.node(id).locator(".red-ui-flow-node-button-button").click()
    }

    status(id) {
        return this.page.evaluate((id) => RED.nodes.node(id).status?.text || "", id)
    }

    badge(id) {
        return this.page.evaluate((id) => {
            const badge = document.getElementById(id).querySelector(".authorgan-badge:not(.hide)")
            return badge ? badge.textContent : ""
        }, id)
    }

    /** The reasons at a node's red triangle, none when it is valid. */
    reasons(id) {
        return this.page.evaluate((id) => {
            const { valid, validationErrors } = RED.nodes.node(id)
            return valid ? [] : validationErrors.map((reason) => reason.replace(/\s+/g, " "))
        }, id)
    }

    async reasonAt(id, pattern) {
        await until(
            async () => (await this.reasons(id)).some((reason) => pattern.test(reason)),
            `${id} says ${pattern}`
        )
    }

    async validAt(id) {
        await until(async () => (await this.reasons(id)).length === 0, `${id} is valid`)
    }

    /** The text that appears when the pointer rests on a node's red triangle. */
    async tooltip(id) {
        await this.node(id).locator(".red-ui-flow-node-error").hover()
        const tip = this.page.locator(".red-ui-flow-port-tooltip")
        await tip.waitFor()
        return (await tip.locator("text").allTextContents()).join(" ").replace(/\s+/g, " ")
    }

    /** Opens a node's dialog as a double click does, lets `work` fill it, and closes it with Done. */
    async edit(id, work) {
        await this.node(id).locator(".red-ui-flow-node-label").dblclick({ force: true })
        const dialog = this.page.locator(".red-ui-tray").last()
        await dialog.locator("#node-dialog-ok").waitFor()
        await work(dialog)
        await dialog.locator("#node-dialog-ok").click()
        await dialog.waitFor({ state: "detached" })
    }

    /** Drags a node from the palette to a place in the drawing, and returns its id. */
    async drag(type, x, y) {
        const last = () => this.page.evaluate(() => RED.nodes.filterNodes({ z: RED.workspaces.active() }).at(-1)?.id)
        const before = await last()
        await this.page.locator(`[data-palette-type="${type}"]`).scrollIntoViewIfNeeded()
        const chart = await this.page.locator("#red-ui-workspace-chart").boundingBox()
        const from = await this.page.locator(`[data-palette-type="${type}"]`).boundingBox()
        await this.page.mouse.move(from.x + from.width / 2, from.y + from.height / 2)
        await this.page.mouse.down()
        await this.page.mouse.move(chart.x + x, chart.y + y, { steps: 5 })
        await this.page.mouse.up()
        return until(async () => (await last()) !== before && last(), `a ${type} lies in the drawing`)
    }

    /** Pulls a wire from a node's first output to another's input. */
    async wire(from, to) {
        const centre = async (id, port) => {
            const { x, y, width, height } = await this.node(id).locator(port).first().boundingBox()
            return [x + width / 2, y + height / 2]
        }
        await this.page.mouse.move(...(await centre(from, ".red-ui-flow-port-output")))
        await this.page.mouse.down()
        await this.page.mouse.move(...(await centre(to, ".red-ui-flow-port-input")), { steps: 5 })
        await this.page.mouse.up()
    }

    async deploy() {
        await this.page.locator("#red-ui-header-button-deploy").click()
        const anyway = this.page.locator(".red-ui-notification button.primary")
        const done = () => this.page.evaluate(() => !RED.nodes.dirty())
        await until(async () => {
            if (await anyway.isVisible()) await anyway.click()
            return done()
        }, "the flow is deployed")
    }

    /** Turns to a flow. */
    /** Opens a tab and waits until its nodes are drawn. */
    async show(tab) {
        await this.page.evaluate((tab) => {
            RED.workspaces.show(tab)
            RED.view.redraw(true)
        }, tab)
        await this.page.waitForFunction(
            (tab) => RED.nodes.filterNodes({ z: tab }).every(({ id }) => document.getElementById(id)),
            tab
        )
    }

    undo() {
        return this.page.evaluate(() => RED.actions.invoke("core:undo"))
    }

    /** Places a flow on the canvas as it is, and shows it. */
    async place(flow) {
        await this.page.evaluate((flow) => {
            RED.nodes.import(flow)
            RED.nodes.dirty(true)
        }, flow)
        await this.show(flow.find(({ type }) => type === "tab").id)
    }

    /** What a preview node shows: { width of its picture as drawn, lines of its curve }. */
    card(id) {
        return this.page.evaluate((id) => {
            const card = document.getElementById(id).querySelector(".authorgan-card")
            const picture = card.querySelector("image")
            const shown = card.style.display !== "none" && picture.style.display !== "none"
            const lines = [...card.querySelectorAll(".authorgan-card-line")].map((line) => line.getAttribute("d") || "")
            return {
                picture: shown && picture.getAttribute("href") ? Number(picture.getAttribute("width")) : 0,
                lines: lines.map((line) => line.split(/[ML]/).length - 1)
            }
        }, id)
    }
}

module.exports = { launch, Editor }
