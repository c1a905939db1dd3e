/**
 * Node types that stand for one entry of the catalogue each: a layer, a loss, a regularizer, an optimizer.
 * Pure, and shared by the runtime, the editor and the generator.
 */
const { nodeType: layerType } = require("./layer-type")

/** Kind of the catalogue -> what begins the node types of its entries. */
const PREFIXES = {
    layers: "authorgan-layer-",
    losses: "authorgan-loss-",
    regularizers: "authorgan-regularizer-",
    optimizers: "authorgan-optimizer-"
}

/** ("losses", "least_squares") -> "authorgan-loss-least-squares" */
const nodeType = (kind, name) => (kind === "layers" ? layerType(name) : `${PREFIXES[kind]}${name.replaceAll("_", "-")}`)

/** Every such node type: "authorgan-loss-hinge" -> { kind: "losses", name: "hinge" }. */
const entriesByType = (catalogue) =>
    new Map(
        Object.keys(PREFIXES).flatMap((kind) =>
            Object.keys(catalogue[kind]).map((name) => [nodeType(kind, name), { kind, name }])
        )
    )

/** Whether a type looks like such a node's, known or not. */
const isEntryType = (type) => Object.values(PREFIXES).some((prefix) => type.startsWith(prefix))

module.exports = { nodeType, entriesByType, isEntryType }
