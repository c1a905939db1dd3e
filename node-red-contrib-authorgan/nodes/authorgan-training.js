const { structureNode } = require("../lib/structure")

module.exports = (RED) => RED.nodes.registerType("authorgan-training", structureNode(RED))
