/**
 * The sidebar of runs in Chromium, with the real service and Node-RED between them:
 *
 * - from the click on a run of 100,000 steps to its painted curves, beside a run of 1,000;
 * - what watching a training costs the browser, whose losses come ten times a second, beside the same page of a run that
 *   has ended;
 * - what a list of 10,000 runs costs it, looked at and scrolled, beside a list of 50.
 *
 *   node benchmarks/runs.mjs
 *
 * Costs are processor time: of the tab's process (CDP, Performance.getMetrics), for the first paint also that of the
 * service and of Node-RED, so that other work of the machine counts for nothing. Times are what a person waits, which
 * on a busy machine is longer.
 */
import { execFileSync } from "node:child_process"
import fs from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"
import { fileURLToPath } from "node:url"

const here = path.dirname(fileURLToPath(import.meta.url))
const require = createRequire(path.join(here, "../tests/e2e/runs.test.js"))
const { Editor, launch } = require("./support/browser")
const { System, project } = require("./support/system")

const STEPS = 100_000
const FEW_STEPS = 1_000
const RUNS = 10_000
const FEW_RUNS = 50
const ROUNDS = 7
const WATCHED_SECONDS = 15
const WANTED = { paint_ms: 500, live_share: 0.2 }

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const ms = (value) => `${value.toFixed(0)} ms`
const percent = (share) => `${(100 * share).toFixed(1)} % of a core`

const system = await System.start()
const browser = await launch()
try {
    const editor = await Editor.open(browser, system.editor)
    await editor.page.evaluate(() => RED.actions.invoke("authorgan:show-runs"))
    const long = fill(STEPS, 0)
    const short = fill(FEW_STEPS, FEW_RUNS)
    await firstPaint(editor, long, short)
    await live(editor, short)
    await list(editor)
} finally {
    await browser.close()
    await system.stop()
}

function fill(steps, runs) {
    const program = path.join(here, "yardsticks/many_runs.py")
    const python = path.join(project, ".venv/bin/python")
    return execFileSync(python, [program, system.home, `${steps}`, `${runs}`], { encoding: "utf8" }).trim()
}

/** Milliseconds from the click on a run to the frame in which its curves are painted. */
async function paint({ page }, id) {
    return page.evaluate(async (id) => {
        const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
        const began = performance.now()
        document.querySelector(`[data-run="${id}"] .authorgan-runs-open`).click()
        while (!document.querySelector(".authorgan-runs-curves .u-series + .u-series")) await frame()
        await frame() // the frame after the one that drew it: it has been painted
        return performance.now() - began
    }, id)
}

/** Milliseconds of processor that the service and Node-RED have used since they were started. */
function usedByServers() {
    const tick = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }))
    const processes = fs
        .readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .flatMap((pid) => {
            try {
                const fields = fs.readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ")
                return [{ pid: Number(pid), parent: Number(fields[1]), used: Number(fields[11]) + Number(fields[12]) }]
            } catch {
                return [] // it has just ended
            }
        })
    const within = (root) =>
        processes
            .filter(({ parent }) => parent === root)
            .reduce((sum, { pid, used }) => sum + used + within(pid), 0)
    return (1000 * within(system.process.pid)) / tick
}

async function firstPaint(editor, long, short) {
    const waited = { [long]: [], [short]: [] }
    const used = { [long]: 0, [short]: 0 }
    for (let round = 0; round < ROUNDS; round += 1) {
        for (const id of [long, short]) {
            await editor.page.locator(`[data-run="${id}"]`).waitFor()
            await editor.page.waitForTimeout(500) // the list has its pictures
            const before = usedByServers()
            const tab = await spent(editor, async () => waited[id].push(await paint(editor, id)))
            used[id] += (usedByServers() - before + 1000 * tab.used) / ROUNDS
            await editor.page.locator(".authorgan-runs-back").click()
        }
    }
    const [most, few] = [long, short].map((id) => median(waited[id]))
    console.log(
        `First paint of a run of ${STEPS} steps: ${ms(used[long])} of processor in browser, Node-RED and service, waited ` +
            `${ms(most)}; of ${FEW_STEPS} steps: ${ms(used[short])}, ${ms(few)}; ` +
            `ratio ${(used[long] / used[short]).toFixed(2)}; wanted: under ${ms(WANTED.paint_ms)}`
    )
}

/** Seconds of processor that the tab's process uses while `work` goes on, and how long that is. */
async function spent({ page }, work) {
    const session = await page.context().newCDPSession(page)
    await session.send("Performance.enable")
    const now = async () => {
        const { metrics } = await session.send("Performance.getMetrics")
        const value = (wanted) => metrics.find(({ name }) => name === wanted).value
        return { at: value("Timestamp"), used: value("ProcessTime") }
    }
    const before = await now()
    await work()
    const after = await now()
    await session.detach()
    return { used: after.used - before.used, took: after.at - before.at }
}

async function share(editor, work) {
    const { used, took } = await spent(editor, work)
    return used / took
}

async function live(editor, ended) {
    const { page } = editor
    const headers = { "Content-Type": "application/json" }
    const spec = {
        name: "live",
        data: { choice: "digits", image_size: 8 },
        generator: { choice: "gan" },
        discriminator: { choice: "gan" },
        training: { epochs: 100_000, sample_every_epochs: 200 }
    }
    const response = await fetch(`${system.url}/v1/jobs`, { method: "POST", headers, body: JSON.stringify(spec) })
    const { id } = await response.json()
    await page.locator(`[data-run="${id}"][data-state="running"]`).waitFor({ timeout: 60_000 })
    const watch = async (run) => {
        await page.locator(`[data-run="${run}"] .authorgan-runs-open`).click()
        await page.locator(".authorgan-runs-curves .u-series + .u-series").first().waitFor({ state: "attached" })
        await page.waitForTimeout(3_000)
        await page.evaluate(() => {
            window.drawings = 0
            const { clearRect } = CanvasRenderingContext2D.prototype
            const canvas = document.querySelector(".authorgan-runs-curves canvas")
            CanvasRenderingContext2D.prototype.clearRect = function (...place) {
                if (this.canvas === canvas) window.drawings += 1
                return clearRect.apply(this, place)
            }
        })
        const used = await share(editor, () => page.waitForTimeout(1000 * WATCHED_SECONDS))
        const drawn = (await page.evaluate(() => window.drawings)) / WATCHED_SECONDS
        await page.locator(".authorgan-runs-back").click()
        await page.locator(`[data-run="${run}"]`).waitFor()
        return { used, drawn }
    }
    const [watched, still] = [await watch(id), await watch(ended)]
    await fetch(`${system.url}/v1/jobs/${id}/actions`, { method: "POST", headers, body: '{"action": "stop"}' })
    console.log(
        `Watching a training, drawn ${watched.drawn.toFixed(1)} times a second: ${percent(watched.used)}; ` +
            `the page of a run that has ended: ${percent(still.used)}; wanted: under ${percent(WANTED.live_share)}`
    )
}

async function list(editor) {
    const { page } = editor
    const look = async () => {
        const idle = await share(editor, () => page.waitForTimeout(6_000))
        const scrolled = await page.evaluate(async () => {
            const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
            const place = document.querySelector(".authorgan-runs")
            const times = []
            for (let at = 0; at < 60; at += 1) {
                place.scrollTop = at * 40
                const began = performance.now()
                await frame()
                times.push(performance.now() - began)
            }
            return times.toSorted((a, b) => a - b)[54]
        })
        return { idle, scrolled, rows: await page.locator("[data-run]").count() }
    }
    const few = await look()
    fill(10, RUNS)
    await page.waitForTimeout(4_000)
    const many = await look()
    const turned = await page.evaluate(async () => {
        const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
        const first = () => document.querySelector("[data-run]").dataset.run
        const before = first()
        const began = performance.now()
        document.querySelector(".authorgan-runs-pager button:last-child").click()
        while (first() === before) await frame()
        return performance.now() - began
    })
    console.log(
        `The list of ${RUNS} runs (${many.rows} on a page): ${percent(many.idle)} while looked at, 90 % of scrolled frames ` +
            `within ${ms(many.scrolled)}, the next page after ${ms(turned)}; of ${FEW_RUNS} runs: ${percent(few.idle)}, ` +
            `${ms(few.scrolled)}; ratio ${(many.idle / few.idle).toFixed(2)}`
    )
}
