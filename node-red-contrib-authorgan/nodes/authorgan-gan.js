const { structureNode } = require("../lib/structure")

module.exports = (RED) => RED.nodes.registerType("authorgan-gan", structureNode(RED))
