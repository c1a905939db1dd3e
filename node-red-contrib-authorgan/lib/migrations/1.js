/**
 * Since version 2 a layer's name that may be an id is its id as it stands; before, every name was made plain ("Conv-A"
 * was conv_a). Ids name weights, so the name becomes the id that it stood for.
 */
const { entryOf } = require("../modules")

const LONGEST = 48
const IDENTIFIER = /^[A-Za-z0-9_-]{1,64}$/

const plain = (name) =>
    name
        .normalize("NFKD")
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, "_")
        .replace(/^_+|_+$/g, "")
        .slice(0, LONGEST)

module.exports = ({ type, name }) =>
    entryOf(type)?.kind === "layers" && IDENTIFIER.test(name || "") ? { name: plain(name) } : {}
