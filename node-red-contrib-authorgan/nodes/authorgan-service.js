const { addressOf, defaultAddress } = require("../lib/address")
const { Client } = require("../lib/client")
const { upToDate } = require("../lib/migrations")
const { serviceRoutes } = require("../lib/routes")

module.exports = (RED) => {
    function ServiceNode(config) {
        RED.nodes.createNode(this, upToDate(config))
        this.client = new Client(addressOf(config.url), this.credentials.key)
    }
    RED.nodes.registerType("authorgan-service", ServiceNode, {
        credentials: { key: { type: "password" } },
        // The editor shows it where a node names no address.
        settings: { authorganServiceAddress: { value: defaultAddress(), exportable: true } }
    })
    serviceRoutes(RED)
}
