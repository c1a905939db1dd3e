/**
 * The browser tests of the editor once more, on Node-RED 5 and the Node.js that it needs. `make node-red-5` installs them.
 * One system serves all of them, which start from the first flow each: what runs behind the editor is tested on 4.1.
 */
const { spawnSync } = require("node:child_process")
const path = require("node:path")
const { System } = require("./support/system")

/** What depends on the editor most; others are named on the command line: node on-node-red-5.js runs */
const NAMES = process.argv.length > 2 ? process.argv.slice(2) : ["editor", "layers", "specs", "examples", "copies"]
const TESTS = NAMES.map((name) => path.join(__dirname, `${name}.test.js`))

async function main() {
    process.env.AUTHORGAN_TEST_NODE_RED = "5"
    const system = await System.start()
    process.env.AUTHORGAN_TEST_SYSTEM = JSON.stringify({ port: system.port, editorPort: system.editorPort })
    const { status } = spawnSync(
        process.execPath,
        ["--test", "--test-reporter=spec", "--test-concurrency=1", ...TESTS],
        { stdio: "inherit" }
    )
    await system.stop()
    process.exitCode = status ?? 1
}

main()
