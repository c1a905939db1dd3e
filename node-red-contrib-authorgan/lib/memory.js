/**
 * Which jobs a train node started, and which sweep a sweep node, kept in one small file so that it outlives a redeploy
 * and a restart of Node-RED.
 *
 *   { "<node id>": { "latest": "<job id>", "running": { "<job id>": "<last event id>" } } }
 */
const fs = require("node:fs")
const path = require("node:path")

/** Event ids arrive ten times a second; the file need not follow each. What is lost in a crash is merely heard again. */
const WRITE_AFTER_MS = 500

class Memory {
    /** @param {string} file */
    constructor(file) {
        this.file = file
        this.nodes = read(file)
        this.clock = null
    }

    /** What is known of a node; `running` maps job ids to the last event that was seen. */
    of(nodeId) {
        const { latest = null, running = {} } = this.nodes[nodeId] || {}
        return { latest, running: { ...running } }
    }

    /** The node that started a job last, or undefined. */
    starterOf(jobId) {
        return Object.keys(this.nodes).find((id) => this.nodes[id].latest === jobId || jobId in this.nodes[id].running)
    }

    started(nodeId, jobId) {
        const { running } = this.of(nodeId)
        this.set(nodeId, { latest: jobId, running: { ...running, [jobId]: "" } })
    }

    heard(nodeId, jobId, eventId) {
        const node = this.nodes[nodeId]
        if (!node || !(jobId in node.running)) return
        node.running[jobId] = eventId
        this.writeSoon()
    }

    ended(nodeId, jobId) {
        const { latest, running } = this.of(nodeId)
        delete running[jobId]
        this.set(nodeId, { latest, running })
    }

    forget(nodeId) {
        delete this.nodes[nodeId]
        this.write()
    }

    set(nodeId, entry) {
        this.nodes[nodeId] = entry
        this.write()
    }

    writeSoon() {
        this.clock ??= setTimeout(() => this.write(), WRITE_AFTER_MS)
    }

    /** Whole or not at all: a reader never meets half a file. */
    write() {
        clearTimeout(this.clock)
        this.clock = null
        const draft = `${this.file}.${process.pid}`
        fs.mkdirSync(path.dirname(this.file), { recursive: true })
        fs.writeFileSync(draft, JSON.stringify(this.nodes, null, 2))
        fs.renameSync(draft, this.file)
    }
}

function read(file) {
    try {
        return JSON.parse(fs.readFileSync(file, "utf8"))
    } catch (error) {
        if (error.code === "ENOENT" || error instanceof SyntaxError) return {}
        throw error
    }
}

const memories = new Map()

/** One memory for each user folder, shared by all nodes of this Node-RED. */
function memoryIn(userDir) {
    const file = path.join(userDir || ".", "authorgan-jobs.json")
    if (!memories.has(file)) memories.set(file, new Memory(file))
    return memories.get(file)
}

module.exports = { Memory, memoryIn }
