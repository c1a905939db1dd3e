const { Below, belowRoutes } = require("../lib/below")
const { upToDate } = require("../lib/migrations")

module.exports = (RED) => {
    function PreviewNode(config) {
        RED.nodes.createNode(this, upToDate(config))
        const below = new Below(RED, this)
        this.latestJob = () => below.job
        this.on("input", (msg, _send, done) => {
            if (msg.reset) below.reset()
            else below.take(msg)
            done()
        })
        this.on("close", (removed, done) => {
            below.close(removed)
            done()
        })
    }

    RED.nodes.registerType("authorgan-preview", PreviewNode)
    belowRoutes(RED)
}
