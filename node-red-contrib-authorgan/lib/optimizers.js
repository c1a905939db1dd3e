/** Which optimizer node trains which network. Pure, and shared by the runtime and the editor. */
const { NETWORKS, moduleOf, roleOf } = require("./modules")

const BOTH = "both"
const isOptimizer = ({ node }) => roleOf(node.type) === "optimizer"
const networkOf = (node) => node.network || BOTH

/**
 * An optimizer node wired into the gan serves the network that its dialog names, or what no other optimizer claims; one
 * that is wired into a generator or discriminator node serves that network.
 *
 * @param {object} drawing  as lib/graph.js indexes it
 * @param {object[]} intoGan  optimizer nodes wired into the gan
 * @param {Map<string, object>} networks  "generator", "discriminator" -> its node
 * @returns {{ optimizer, nodes }}  the optimizer of the spec, undefined where there is none, and JSON pointer -> node id
 */
function optimizersOf(drawing, intoGan, networks, tell) {
    const claims = new Map([...NETWORKS, BOTH].map((network) => [network, new Set()]))
    for (const node of intoGan) claims.get(networkOf(node)).add(node)
    for (const [network, module] of networks) {
        for (const { node } of drawing.sources(drawing.node(module.id)).filter(isOptimizer)) {
            const meant = networkOf(node)
            if (meant !== BOTH && meant !== network) {
                tell("optimizer_elsewhere", [node], `/optimizer/${meant}`, { network, meant })
                continue
            }
            claims.get(network).add(node)
            // Wired into the gan as well, it says twice that it is this network's, and nothing of the other.
            claims.get(BOTH).delete(node)
        }
    }
    for (const [network, claimants] of claims) {
        if (claimants.size > 1) tell("several_optimizers", [...claimants], "/optimizer", { network })
    }
    return place(claims, tell)
}

function place(claims, tell) {
    const [both] = claims.get(BOTH)
    const own = NETWORKS.filter((network) => claims.get(network).size > 0)
    if (both && own.length === 0) return { optimizer: moduleOf(both), nodes: { "/optimizer": both.id } }
    if (both && own.length === NETWORKS.length) tell("idle_optimizer", [both], "/optimizer")
    const optimizer = {}
    const nodes = {}
    for (const network of NETWORKS) {
        const node = [...claims.get(network)][0] || both
        if (!node) continue
        optimizer[network] = moduleOf(node)
        nodes[`/optimizer/${network}`] = node.id
    }
    return { optimizer: Object.keys(optimizer).length > 0 ? optimizer : undefined, nodes }
}

module.exports = { optimizersOf }
