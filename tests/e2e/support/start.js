/** How a file of browser tests begins and ends. */
const { after, before } = require("node:test")
const { Editor, launch } = require("./browser")
const { System } = require("./system")

/** What waits for a training is given this long; the machine may be busy. */
const PATIENCE_MS = 120_000

/**
 * Starts a system and opens its editor in a browser before the tests of a file, and ends both after them.
 * @param {(opened: { system: System, browser: object, editor: Editor }) => void | Promise<void>} begin
 *     what else stands before the first test
 * @param {{ alone?: boolean }} [options]  alone: in a system that no other tests have used
 */
function openEditor(begin, { alone = false } = {}) {
    let system
    let browser
    before(async () => {
        system = await System.forTests(alone)
        browser = await launch()
        await begin({ system, browser, editor: await Editor.open(browser, system.editor) })
    })
    after(async () => {
        await browser?.close()
        await system?.stop()
    })
}

module.exports = { openEditor, PATIENCE_MS }
