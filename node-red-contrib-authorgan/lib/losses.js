/** A loss with the regularizers that are wired into it. Pure, and shared by the runtime and the editor. */
const { isStructure, moduleOf, roleOf } = require("./modules")

/**
 * Regularizers may be wired into the loss node or straight into the gan node, and a loss node may hold some in its
 * dialog; together they are the regularizers of the loss. With none of them the spec leaves them to what suits the critic.
 *
 * @param {object} drawing  as lib/graph.js indexes it
 * @param {object | undefined} loss  the loss node
 * @param {object[]} intoGan  regularizer nodes wired into the gan
 * @returns {{ module, nodes }}  the loss of the spec, undefined where nothing is said of it, and JSON pointer -> node id
 */
function lossOf(drawing, loss, intoGan, tell) {
    const wired = loss ? drawing.sources(drawing.node(loss.id)).map(({ node }) => node) : []
    const strays = wired.filter(({ type }) => isStructure(type) && roleOf(type) !== "regularizer")
    for (const stray of strays) tell("module_into_loss", [stray], "/loss")

    const drawn = [...new Set([...wired.filter(({ type }) => roleOf(type) === "regularizer"), ...intoGan])]
    const module = loss ? moduleOf(loss) : {}
    const nodes = loss ? { "/loss": loss.id } : {}
    if (drawn.length === 0) return { module: loss && module, nodes }

    const regularizers = module.regularizers || []
    const owners = regularizers.map(() => loss)
    for (const node of drawn) {
        nodes[`/loss/regularizers/${regularizers.length}`] = node.id
        regularizers.push(moduleOf(node))
        owners.push(node)
    }
    for (const choice of new Set(regularizers.map(({ choice }) => choice))) {
        const alike = owners.filter((_, index) => regularizers[index].choice === choice)
        if (alike.length > 1) tell("several_regularizers", alike, "/loss/regularizers", { regularizer: choice })
    }
    return { module: { ...module, regularizers }, nodes }
}

module.exports = { lossOf }
