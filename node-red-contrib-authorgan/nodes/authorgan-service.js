const { Client } = require("../lib/client")
const { serviceRoutes } = require("../lib/routes")

module.exports = (RED) => {
    function ServiceNode(config) {
        RED.nodes.createNode(this, config)
        this.client = new Client(config.url, this.credentials.key)
    }
    RED.nodes.registerType("authorgan-service", ServiceNode, { credentials: { key: { type: "password" } } })
    serviceRoutes(RED)
}
