/** A real Node-RED in a process of its own, with the palette and a sink node that keeps what it receives. */
const { spawn } = require("node:child_process")
const fs = require("node:fs")
const net = require("node:net")
const os = require("node:os")
const path = require("node:path")
const palette = require("./palette")
const { until } = require("./until")

const MODULE = "@authorgan/node-red-contrib-authorgan"

/** A node that keeps its messages, errors and completions until they are asked for. */
const SINK = `
module.exports = (RED) => {
    const messages = []
    RED.nodes.registerType("sink", function (config) {
        RED.nodes.createNode(this, config)
        this.on("input", (msg, _send, done) => {
            messages.push({ sink: config.name, ...msg, payload: Buffer.isBuffer(msg.payload) ? "a buffer" : msg.payload })
            done()
        })
    })
    let starts = 0
    RED.events.on("flows:started", () => { starts += 1 })
    RED.httpAdmin.get("/starts", (_request, response) => response.json(starts))
    RED.httpAdmin.get("/sink", (_request, response) => response.json(messages))
    RED.httpAdmin.post("/send/:id", (request, response) => {
        RED.nodes.getNode(request.params.id).receive(request.body)
        response.json({})
    })
}`

class NodeRed {
    /** @param {object} [environment]  variables beside those of the test */
    static async start(flow, environment = {}) {
        const nodeRed = new NodeRed()
        nodeRed.environment = environment
        nodeRed.folder = fs.mkdtempSync(path.join(os.tmpdir(), "authorgan-node-red-"))
        nodeRed.port = await freePort()
        nodeRed.prepare(flow)
        await nodeRed.run()
        return nodeRed
    }

    get url() {
        return `http://127.0.0.1:${this.port}`
    }

    prepare(flow) {
        const write = (name, content) => fs.writeFileSync(path.join(this.folder, name), content)
        fs.mkdirSync(path.join(this.folder, "node_modules/@authorgan"), { recursive: true })
        fs.mkdirSync(path.join(this.folder, "nodes"))
        fs.symlinkSync(palette.folder, path.join(this.folder, "node_modules", MODULE))
        write("package.json", JSON.stringify({ name: "test", dependencies: { [MODULE]: `file:${palette.folder}` } }))
        write("nodes/sink.js", SINK)
        write("nodes/sink.html", '<script data-template-name="sink"></script>')
        write("flows.json", JSON.stringify(flow))
        const settings = {
            uiPort: this.port,
            uiHost: "127.0.0.1",
            flowFile: "flows.json",
            credentialSecret: "test",
            telemetry: { enabled: false, updateNotification: false },
            editorTheme: { tours: false, palette: { catalogues: [] } },
            logging: { console: { level: "warn" } }
        }
        write("settings.js", `module.exports = ${JSON.stringify(settings)}`)
    }

    async run() {
        const program = path.join(palette.folder, "node_modules/node-red/red.js")
        const args = [program, "-u", this.folder, "-s", path.join(this.folder, "settings.js")]
        this.process = spawn(process.execPath, args, {
            stdio: ["ignore", "pipe", "pipe"],
            env: { ...process.env, ...this.environment }
        })
        this.log = ""
        for (const stream of [this.process.stdout, this.process.stderr]) {
            stream.on("data", (text) => {
                this.log += text
            })
        }
        await until(() => this.starts(), "Node-RED starts", 30_000)
    }

    /** How often its flows were started; 0 while it is not up. */
    async starts() {
        try {
            return await (await fetch(`${this.url}/starts`)).json()
        } catch {
            if (this.process.exitCode !== null) throw new Error(`Node-RED ended: ${this.log}`)
            return 0
        }
    }

    /** Ends it as a shutdown does, or with "SIGKILL" as a power cut does. */
    async end(signal = "SIGTERM") {
        const gone = new Promise((resolve) => this.process.once("exit", resolve))
        this.process.kill(signal)
        await gone
    }

    async stop() {
        if (this.process.exitCode === null && this.process.signalCode === null) await this.end()
        fs.rmSync(this.folder, { recursive: true, force: true })
    }

    /** Deploys, and waits until the flows run: Node-RED answers before they do. */
    async deploy(flow, type = "full") {
        const before = await this.starts()
        const headers = { "Content-Type": "application/json", "Node-RED-Deployment-Type": type }
        const response = await fetch(`${this.url}/flows`, { method: "POST", headers, body: JSON.stringify(flow) })
        if (!response.ok) throw new Error(await response.text())
        await until(async () => (await this.starts()) > before, "the flows start again")
    }

    /** Hands a message to a node. */
    async send(id, message = {}) {
        const headers = { "Content-Type": "application/json" }
        await fetch(`${this.url}/send/${id}`, { method: "POST", headers, body: JSON.stringify(message) })
    }

    /** The messages that arrived at the sink of this name. */
    async received(sink) {
        const messages = await (await fetch(`${this.url}/sink`)).json()
        return messages.filter((message) => message.sink === sink)
    }

    admin(path, body) {
        const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }
        return fetch(`${this.url}/${path}`, body === undefined ? {} : options)
    }
}

function freePort() {
    return new Promise((resolve, reject) => {
        const server = net.createServer()
        server.on("error", reject)
        server.listen(0, "127.0.0.1", () => {
            const { port } = server.address()
            server.close(() => resolve(port))
        })
    })
}

module.exports = { NodeRed, freePort }
