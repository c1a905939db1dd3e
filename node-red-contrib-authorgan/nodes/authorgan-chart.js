const { Chart, messagesOf } = require("../lib/chart")
const { upToDate } = require("../lib/migrations")

module.exports = (RED) => {
    /** config: show (losses, scores, speed), form (array, topics, plain), smoothing (steps), rate (messages a second), most */
    function ChartNode(config) {
        RED.nodes.createNode(this, upToDate(config))
        const { show, form } = config
        const chart = new Chart({ show, smoothing: Number(config.smoothing), most: Number(config.most) })
        let clock = null
        let job

        this.on("input", (msg, _send, done) => {
            if (chart.add(msg)) {
                job = msg.job
                clock ??= setTimeout(hand, 1000 / Number(config.rate))
            }
            if (msg.topic === "end" && clock) hand()
            done()
        })
        this.on("close", () => clearTimeout(clock))

        /** Hands on all that came in meanwhile. */
        const hand = () => {
            clearTimeout(clock)
            clock = null
            for (const message of messagesOf(form, chart.take())) this.send({ topic: show, ...message, job })
        }
    }

    RED.nodes.registerType("authorgan-chart", ChartNode)
}
