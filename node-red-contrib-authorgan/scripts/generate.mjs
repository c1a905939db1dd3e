/**
 * Writes what the palette takes from the catalogue and from editor/: node HTML, locales, help, the editor plugin, examples.
 *
 *   node scripts/generate.mjs           writes
 *   node scripts/generate.mjs --check   changes nothing; exits 1 and names what is stale, missing or left over
 *
 * The results are committed: the flow library reads node HTML without running it, so it must be literal.
 */
import fs from "node:fs"
import path from "node:path"
import { fileURLToPath } from "node:url"
import { readCatalogue, reduced } from "./generate/catalogue.mjs"
import { entryFiles, entrySets, SET } from "./generate/entries.mjs"
import { nodeFiles } from "./generate/nodes.mjs"
import { editorPlugins } from "./generate/plugin.mjs"

const palette = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..")
const repository = path.dirname(palette)

/** Folders that hold nothing but generated files of this pattern; a file that no longer is generated is left over. */
const OWNED = [
    ["nodes", /^authorgan-(.*\.html|(layers-.*|losses|optimizers)\.js)$/],
    ["nodes/locales/en-US", /./],
    ["plugins", /\.html$/],
    ["plugins/locales/en-US", /./],
    ["examples", /\.json$/]
]

async function generated() {
    const catalogue = readCatalogue(path.join(repository, "spec", "catalogue"))
    const small = reduced(catalogue)
    const files = new Map([["lib/catalogue.json", `${JSON.stringify(small, null, 1)}\n`]])
    for (const [name, content] of nodeFiles(path.join(palette, "editor"), catalogue)) files.set(name, content)
    for (const [name, content] of entryFiles(path.join(palette, "editor"), catalogue)) files.set(name, content)
    files.set("package.json", withSets(entrySets(catalogue)))
    for (const [name, content] of await editorPlugins(palette, catalogue, small)) files.set(name, content)
    for (const name of list(path.join(repository, "flows"), /\.json$/)) {
        files.set(`examples/${name}`, fs.readFileSync(path.join(repository, "flows", name), "utf8"))
    }
    return files
}

/** The manifest as it is, with the node sets of the catalogue's entries that there are now. */
function withSets(sets) {
    const manifest = JSON.parse(fs.readFileSync(path.join(palette, "package.json"), "utf8"))
    const nodes = Object.entries(manifest["node-red"].nodes).filter(([name]) => !SET.test(name))
    manifest["node-red"].nodes = Object.fromEntries([...nodes, ...sets])
    return `${JSON.stringify(manifest, null, 2)}\n`
}

const list = (folder, pattern) =>
    fs.existsSync(folder) ? fs.readdirSync(folder, { recursive: true }).filter((name) => pattern.test(name)) : []
const leftOver = (files) =>
    OWNED.flatMap(([folder, pattern]) =>
        list(path.join(palette, folder), pattern).map((name) => `${folder}/${name}`)
    ).filter((name) => !files.has(name) && fs.statSync(path.join(palette, name)).isFile())
const current = (name) => {
    const file = path.join(palette, name)
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : null
}

const check = process.argv.includes("--check")
const files = await generated()
const stale = [...files].filter(([name, content]) => current(name) !== content).map(([name]) => name)
const superfluous = leftOver(files)

if (check) {
    for (const name of stale) console.error(`stale: ${name}`)
    for (const name of superfluous) console.error(`left over: ${name}`)
    if (stale.length + superfluous.length > 0) {
        console.error("Generated files are not fresh; npm run generate writes them.")
        process.exit(1)
    }
} else {
    for (const name of stale) {
        const file = path.join(palette, name)
        fs.mkdirSync(path.dirname(file), { recursive: true })
        fs.writeFileSync(file, files.get(name))
        console.log(`wrote ${name}`)
    }
    for (const name of superfluous) {
        fs.rmSync(path.join(palette, name))
        console.log(`removed ${name}`)
    }
}
