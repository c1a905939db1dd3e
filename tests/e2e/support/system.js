/** The whole system as `make run` starts it, on free ports and in a folder of its own. */
const { spawn } = require("node:child_process")
const fs = require("node:fs")
const os = require("node:os")
const path = require("node:path")
const { freePort } = require("../../palette/support/node-red")
const { until } = require("../../palette/support/until")

const project = path.resolve(__dirname, "../../..")
const STARTS_WITHIN_MS = 120_000

/** With AUTHORGAN_TEST_NODE_RED=5 the editor is that of Node-RED 5, on the Node.js that it needs: `make node-red-5`. */
const NODE_RED_5 = path.join(project, "tests/e2e/node-red-5/node_modules")

const onNodeRed5 = () => process.env.AUTHORGAN_TEST_NODE_RED === "5"

function editorEnvironment() {
    if (!onNodeRed5()) return {}
    const node = path.join(NODE_RED_5, "node/bin")
    if (!fs.existsSync(node)) throw new Error("Node-RED 5 is not installed for the tests: make node-red-5")
    return {
        PATH: [node, process.env.PATH].join(path.delimiter),
        AUTHORGAN_NODE_RED_PACKAGE: path.join(NODE_RED_5, "node-red")
    }
}

class System {
    /**
     * A system for the tests of a file.
     * @param {boolean} [alone]  one that no other tests have used; else the one that AUTHORGAN_TEST_SYSTEM names, if there
     *     is one, put back to its first flow
     */
    static async forTests(alone = false) {
        const shared = process.env.AUTHORGAN_TEST_SYSTEM
        return shared && !alone ? System.borrow(JSON.parse(shared)) : System.start()
    }

    static async start() {
        const system = new System()
        system.home = fs.mkdtempSync(path.join(os.tmpdir(), "authorgan-e2e-"))
        system.port = await freePort()
        system.editorPort = await freePort()
        system.process = spawn(path.join(project, ".venv/bin/python"), ["-m", "service", "up"], {
            cwd: project,
            env: {
                ...process.env,
                ...editorEnvironment(),
                AUTHORGAN_HOME: system.home,
                AUTHORGAN_PORT: `${system.port}`,
                AUTHORGAN_NODE_RED_PORT: `${system.editorPort}`,
                // Beside a browser and other tests, two threads would mostly wait for each other: those of trainings, and
                // those of programs that a flow runs.
                AUTHORGAN_TRAINING_THREADS: "1",
                OMP_NUM_THREADS: "1"
            },
            stdio: ["ignore", "pipe", "pipe"]
        })
        system.log = ""
        for (const stream of [system.process.stdout, system.process.stderr]) {
            stream.on("data", (text) => {
                system.log += text
            })
        }
        await until(() => system.isUp(), "the system starts", STARTS_WITHIN_MS)
        return system
    }

    /** What another process needs to borrow it. */
    toJSON() {
        const { home, port, editorPort } = this
        return { home, port, editorPort }
    }

    /** A system that somebody else has started: nothing trains, and the first flow alone is deployed. */
    static async borrow(places) {
        const system = Object.assign(new System(), places)
        for (const { id } of await system.jobs("state=queued,running,paused")) {
            await system.post(`/v1/jobs/${id}/actions`, { action: "stop" })
        }
        const [first] = fs.readdirSync(path.join(project, "flows")).sort()
        const response = await fetch(`${system.editor}flows`, {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: fs.readFileSync(path.join(project, "flows", first))
        })
        if (!response.ok) throw new Error(`The first flow is not deployed: ${await response.text()}`)
        return system
    }

    isUp() {
        if (this.process.exitCode !== null) throw new Error(`The system ended while it started:\n${this.log}`)
        return this.log.includes("AuthorGAN is running")
    }

    get url() {
        return `http://127.0.0.1:${this.port}`
    }

    get editor() {
        return `http://127.0.0.1:${this.editorPort}/`
    }

    /** What the service holds at an address, as JSON. */
    async get(resource) {
        return (await fetch(this.url + resource)).json()
    }

    /** Asks the service for something; the response. */
    post(resource, body, accept = "application/json") {
        const headers = { "Content-Type": "application/json", Accept: accept }
        return fetch(this.url + resource, { method: "POST", headers, body: JSON.stringify(body) })
    }

    /** The jobs, the newest first. */
    async jobs(query = "") {
        return (await this.get(`/v1/jobs?sort=-created_at&${query}`)).jobs
    }

    /** The newest job, with its spec. */
    async newestJob() {
        const [{ id }] = await this.jobs()
        return this.get(`/v1/jobs/${id}`)
    }

    /** Ends the service's API as a crash would; its supervisor starts it again. */
    killApi() {
        const of = (pid, file) => fs.readFileSync(`/proc/${pid}/${file}`, "utf8").split("\0")
        const found = fs
            .readdirSync("/proc")
            .filter((name) => /^\d+$/.test(name))
            .filter((pid) => {
                try {
                    return (
                        of(pid, "cmdline").includes("gunicorn") &&
                        of(pid, "environ").includes(`AUTHORGAN_PORT=${this.port}`)
                    )
                } catch {
                    return false // it has ended, or is not ours
                }
            })
        for (const pid of found) process.kill(Number(pid), "SIGKILL")
    }

    /** As Ctrl-C does. */
    async stop() {
        if (!this.process) return // Borrowed; whoever started it stops it.
        const gone = new Promise((resolve) => this.process.once("exit", resolve))
        this.process.kill("SIGINT")
        await gone
        fs.rmSync(this.home, { recursive: true, force: true })
    }
}

module.exports = { System, project, onNodeRed5 }
