/** The whole system as `make run` starts it, on free ports and in a folder of its own. */
const { spawn } = require("node:child_process")
const fs = require("node:fs")
const os = require("node:os")
const path = require("node:path")
const { freePort } = require("../../palette/support/node-red")
const { until } = require("../../palette/support/fake-service")

const project = path.resolve(__dirname, "../../..")
const STARTS_WITHIN_MS = 120_000

class System {
    static async start() {
        const system = new System()
        system.home = fs.mkdtempSync(path.join(os.tmpdir(), "authorgan-e2e-"))
        system.port = await freePort()
        system.editorPort = await freePort()
        system.process = spawn(path.join(project, ".venv/bin/python"), ["-m", "service", "up"], {
            cwd: project,
            env: {
                ...process.env,
                AUTHORGAN_HOME: system.home,
                AUTHORGAN_PORT: `${system.port}`,
                AUTHORGAN_NODE_RED_PORT: `${system.editorPort}`,
                // Beside a browser and other tests, two threads would mostly wait for each other.
                AUTHORGAN_TRAINING_THREADS: "1"
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

    async api(resource) {
        return (await fetch(this.url + resource)).json()
    }

    /** As Ctrl-C does. */
    async stop() {
        const gone = new Promise((resolve) => this.process.once("exit", resolve))
        this.process.kill("SIGINT")
        await gone
        fs.rmSync(this.home, { recursive: true, force: true })
    }
}

module.exports = { System, project }
