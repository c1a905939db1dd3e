/** What the nodes that start trainings, train and sweep, make of the drawing that is wired into them. */
const { compile, nodeAt } = require("./compile")
const { isObject, mergePatch } = require("./patch")

/** The drawing itself is wrong, before any service was asked. */
class DrawingError extends Error {
    constructor(problems) {
        super([...new Set(problems.map(({ message }) => message))].join("\n"))
        this.problems = problems
    }
}

/**
 * The spec that is drawn upstream of a node.
 * @returns {{ spec, nodes, paths }}  as `compile` has them
 * @throws {DrawingError} with its problems
 */
function drawnSpec(RED, node) {
    const flow = []
    RED.nodes.eachNode((each) => flow.push(each))
    const translate = (code, values) => RED._(`problems.${code}`, values)
    const { spec, nodes, paths, problems } = compile(flow, node._alias || node.id, { translate })
    if (problems.length > 0) throw new DrawingError(problems)
    return { spec, nodes, paths }
}

/** A spec with the merge patch that a message brings along. */
const patched = (spec, { authorgan }) => (isObject(authorgan) ? mergePatch(spec, authorgan) : spec)

/** A problem at the node that is responsible, and at the subflow instances that lead to it; else at `otherwise`. */
const atNodes = ({ node_id, pointer, message }, { nodes, paths }, otherwise) =>
    [node_id || nodeAt(nodes, pointer) || otherwise, ...(nodeAt(paths, pointer) || [])].map((id) => ({
        node_id: id,
        message
    }))

/** Editors mark the nodes of the drawing with what the service refused. */
const tellProblems = (RED, node, problems) =>
    RED.comms.publish(
        `authorgan/problems/${node.id}`,
        { problems: problems.map(({ node_id, message }) => ({ node_id, message })) },
        problems.length > 0
    )

/** What of the starting message goes along with everything that comes of it. */
function carried(RED, { payload, authorgan, ...rest }) {
    return RED.util.cloneMessage(rest)
}

module.exports = { drawnSpec, patched, atNodes, tellProblems, carried }
