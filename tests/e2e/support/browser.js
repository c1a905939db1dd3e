/** A real Chromium, and what a person does in the editor with it. */
const fs = require("node:fs")
const path = require("node:path")
const { load } = require("../../palette/support/palette")
const { until } = require("../../palette/support/until")

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
        editor.countQuestions()
        await editor.page.goto(url)
        await editor.page.waitForSelector(".red-ui-flow-node-group")
        return editor
    }

    /** Counts the questions to the service that have no answer yet. */
    countQuestions() {
        this.asked = 0
        const count = (by) => (request) => {
            if (request.url().endsWith("/authorgan/resolve")) this.asked += by
        }
        this.page.on("request", count(1))
        for (const end of ["requestfinished", "requestfailed"]) this.page.on(end, count(-1))
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

    /** Opens a node's dialog as a double click does. */
    async openDialog(id) {
        await this.node(id).locator(".red-ui-flow-node-label").dblclick({ force: true })
        const dialog = this.page.locator(".red-ui-tray").last()
        await dialog.locator("#node-dialog-ok").waitFor()
        return dialog
    }

    /** Waits until no dialog is left, also none that is still sliding away. */
    dialogIsGone() {
        return this.page.locator(".red-ui-tray").waitFor({ state: "detached" })
    }

    /** Opens a node's dialog, lets `work` fill it, and closes it with Done. */
    async edit(id, work) {
        const dialog = await this.openDialog(id)
        await work(dialog)
        await dialog.locator("#node-dialog-ok").click()
        await this.dialogIsGone()
    }

    /** A node as the editor has it: its type, its place, and what its dialog keeps. */
    properties(id) {
        return this.page.evaluate((id) => {
            const node = RED.nodes.node(id)
            const kept = ["type", "z", "x", "valid", ...Object.keys(node._def.defaults)]
            return JSON.parse(JSON.stringify(Object.fromEntries(kept.map((key) => [key, node[key]]))))
        }, id)
    }

    /** Changes what a node's dialog keeps, and tells of it as Done does. */
    change(id, changes) {
        return this.page.evaluate(
            ([id, changes]) => {
                const node = RED.nodes.node(id)
                Object.assign(node, changes)
                RED.events.emit("nodes:change", node)
            },
            [id, changes]
        )
    }

    /** Changes some of a node's parameters. */
    async setParameters(id, parameters) {
        await this.change(id, { parameters: { ...(await this.properties(id)).parameters, ...parameters } })
    }

    /** The nodes of a flow: { id, type, valid }. */
    nodesIn(z) {
        return this.page.evaluate(
            (z) => RED.nodes.filterNodes({ z }).map(({ id, type, valid }) => ({ id, type, valid })),
            z
        )
    }

    /** The first node of a type in the flow that is shown: its id. */
    inFlow(type) {
        return this.page.evaluate((type) => RED.nodes.filterNodes({ z: RED.workspaces.active(), type })[0]?.id, type)
    }

    /** How many nodes all flows have. */
    countNodes() {
        return this.page.evaluate(() => RED.nodes.filterNodes({}).length)
    }

    /** The ids of the flows, in the order of their tabs. */
    flows() {
        return this.page.evaluate(() => RED.nodes.getWorkspaceOrder())
    }

    /** What `work` adds: the id of the flow. */
    async added(work) {
        const before = await this.flows()
        await work()
        const found = async () => (await this.flows()).find((id) => !before.includes(id))
        return this.agreeing("Import copy", found, "a flow is added")
    }

    /** Adds an empty flow and shows it. */
    addFlow() {
        return this.added(() => this.page.evaluate(() => RED.actions.invoke("core:add-flow")))
    }

    /**
     * Waits for an answer, and agrees if Node-RED asks first: with the button that has this label. A question that has been
     * answered takes a moment to slide away, in which it is no second one.
     */
    agreeing(label, answer, what) {
        const button = this.page.locator(".red-ui-notification").getByRole("button", { name: label, exact: true })
        return until(async () => {
            if ((await button.count()) > 0) {
                await button.click()
                await button.waitFor({ state: "detached" })
            }
            return answer()
        }, what)
    }

    /**
     * Waits until the editor has been told what the service says of the drawing as it is now. It asks a moment after the
     * last change; a timer of the same page that is set later and runs longer ends after that.
     */
    async settled() {
        await this.page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)))
        await until(() => this.asked === 0, "the service has answered")
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
        const output = this.node(from).locator(".red-ui-flow-port-output").first()
        await output.hover({ force: true })
        await this.page.mouse.down()
        const { x, y, width, height } = await this.node(to).locator(".red-ui-flow-port-input").first().boundingBox()
        await this.page.mouse.move(x + width / 2, y + height / 2, { steps: 5 })
        await this.page.mouse.up()
        const wired = () =>
            this.page.evaluate(
                ([from, to]) => RED.nodes.getNodeLinks(from).some(({ target }) => target.id === to),
                [from, to]
            )
        await until(wired, `a wire leads from ${from} to ${to}`)
    }

    async deploy() {
        await this.page.locator("#red-ui-header-button-deploy").click()
        const done = () => this.page.evaluate(() => !RED.nodes.dirty())
        await this.agreeing("Confirm deploy", done, "the flow is deployed")
    }

    /**
     * Opens a tab and waits until its nodes are drawn. The pointer leaves the drawing, as that of a person does who presses
     * a tab: what hangs at it would be put down.
     */
    async show(tab) {
        await this.page.mouse.move(5, 5)
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
