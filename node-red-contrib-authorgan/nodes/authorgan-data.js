const { structureNode } = require("../lib/structure")

module.exports = (RED) => RED.nodes.registerType("authorgan-data", structureNode(RED))
