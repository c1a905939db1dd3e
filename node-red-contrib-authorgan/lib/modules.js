/** What the nodes around a gan node are to it. Pure, and shared by the runtime and the editor. */
const catalogue = require("./catalogue.json")
const { entriesByType, isEntryType } = require("./entries")
const { transferOf } = require("./transfer")

const GAN = "authorgan-gan"

/** The nodes that a gan is wired into: they start trainings of it. */
const STARTERS = ["authorgan-train", "authorgan-sweep"]

/** Module nodes, in whose dialog one chooses: node type -> key of the spec. */
const MODULES = {
    "authorgan-data": "data",
    "authorgan-generator": "generator",
    "authorgan-discriminator": "discriminator",
    "authorgan-loss": "loss",
    "authorgan-optimizer": "optimizer",
    "authorgan-training": "training"
}

/** Key of the spec -> the kind of the catalogue that its module is chosen from. */
const KINDS = {
    data: "datasets",
    generator: "generators",
    discriminator: "discriminators",
    loss: "losses",
    optimizer: "optimizers",
    training: "processes"
}

/** The modules that may be drawn layer by layer, and have an optimizer each. */
const NETWORKS = ["generator", "discriminator"]

/** The choice of a network that is drawn. */
const CUSTOM = "custom"

/** Kind of the catalogue -> what a node that is one entry of it is to a GAN. Layers are to the networks. */
const ROLES = { losses: "loss", regularizers: "regularizer", optimizers: "optimizer" }
const entries = entriesByType(catalogue)

/** A node that is one entry of the catalogue: its { kind, name }, else undefined. */
const entryOf = (type) => entries.get(type)

/** Whether a node would be one entry of a catalogue that is not this one: that of a later palette, say. */
const isUnknown = (type) => isEntryType(type) && !entries.has(type)

/** What a node is to a GAN: a key of the spec, "regularizer", or undefined. */
const roleOf = (type) => MODULES[type] || ROLES[entryOf(type)?.kind]

/** Whether the wires of such a node are structure. Everything else that is wired in merely sends messages. */
const isStructure = (type) => type === GAN || roleOf(type) !== undefined

const clone = (value) => JSON.parse(JSON.stringify(value))

/** A node as a module of the spec: its choice and the parameters that were changed. */
function moduleOf(node) {
    const module = clone(node.parameters || {})
    const choice = entryOf(node.type)?.name || node.choice
    if (choice) module.choice = choice
    // An empty list is a choice, too: none.
    if (node.regularizers) module.regularizers = clone(node.regularizers)
    return { ...module, ...transferOf(node) }
}

module.exports = { CUSTOM, GAN, KINDS, MODULES, NETWORKS, STARTERS, entryOf, isUnknown, roleOf, isStructure, moduleOf }
