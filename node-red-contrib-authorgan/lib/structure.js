/**
 * The runtime of a node whose wires are structure: the train node reads its configuration from the flow, so it has
 * nothing to do of its own. A message that comes by is passed on, so that an inject may stand anywhere upstream.
 */
function structureNode(RED) {
    return function StructureNode(config) {
        RED.nodes.createNode(this, config)
        this.on("input", (msg, send, done) => {
            send(msg)
            done()
        })
    }
}

/** A layer: structure too, but no way for messages. Where branches meet again each message would go through twice. */
function layerNode(RED) {
    return function LayerNode(config) {
        RED.nodes.createNode(this, config)
        this.on("input", (_msg, _send, done) => done())
    }
}

module.exports = { structureNode, layerNode }
