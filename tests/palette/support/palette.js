/** Finds the palette and what it has installed, from outside its folder. */
const { createRequire } = require("node:module")
const path = require("node:path")

const folder = path.resolve(__dirname, "../../../node-red-contrib-authorgan")

module.exports = {
    folder,
    /** Requires a file or a dependency of the palette. */
    load: createRequire(path.join(folder, "package.json"))
}
