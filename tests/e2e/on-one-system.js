/**
 * Runs browser tests one after another on one system, in which each file finds the first flow and nothing else.
 *
 *     node on-one-system.js                     all of them, in the editor of Node-RED 4.1
 *     node on-one-system.js --node-red-5        those of the editor, in that of Node-RED 5: `make node-red-5` installs it
 *     node on-one-system.js runs import         those that are named
 */
const { spawnSync } = require("node:child_process")
const fs = require("node:fs")
const path = require("node:path")
const { System } = require("./support/system")

const SUFFIX = ".test.js"
const ALL = fs.readdirSync(__dirname).flatMap((name) => (name.endsWith(SUFFIX) ? [name.slice(0, -SUFFIX.length)] : []))
/** What depends on the editor most; what runs behind it is tested with 4.1. */
const OF_THE_EDITOR = ["editor", "layers", "specs", "examples", "copies"]

async function main(words) {
    const five = words.includes("--node-red-5")
    const named = words.filter((word) => !word.startsWith("--"))
    if (five) process.env.AUTHORGAN_TEST_NODE_RED = "5"
    const names = named.length > 0 ? named : five ? OF_THE_EDITOR : ALL
    const system = await System.start()
    process.env.AUTHORGAN_TEST_SYSTEM = JSON.stringify(system)
    const files = names.map((name) => path.join(__dirname, `${name}${SUFFIX}`))
    const options = ["--test", "--test-concurrency=1", "--test-reporter=spec"]
    const { status } = spawnSync(process.execPath, [...options, ...files], { stdio: "inherit" })
    await system.stop()
    process.exitCode = status ?? 1
}

main(process.argv.slice(2))
