const { jobOf } = require("../lib/job")
const { upToDate } = require("../lib/migrations")
const { isObject } = require("../lib/patch")

module.exports = (RED) => {
    /** config: service, train, action ("pause", "resume", "stop", "step", "update", or "" for the message's own) */
    function ControlNode(config) {
        RED.nodes.createNode(this, upToDate(config))
        this.on("input", async (msg, send, done) => {
            try {
                const { client, job } = jobOf(RED, config, msg)
                const body = { ...detailsOf(msg), action: config.action || actionOf(msg) }
                msg.payload = await client.json(`/v1/jobs/${encodeURIComponent(job)}/actions`, { body })
                msg.job = job
                this.status({ fill: "green", shape: "dot", text: `status.${body.action}` })
                send(msg)
                done()
            } catch (error) {
                this.status({ fill: "red", shape: "ring", text: "status.refused" })
                done(error)
            }
        })
    }

    function actionOf({ payload }) {
        const action = isObject(payload) ? payload.action : payload
        if (typeof action !== "string" || action === "") throw new Error(RED._("errors.noAction"))
        return action
    }

    /** What a step or an update says more precisely, such as { update: ["generator"] }. */
    const detailsOf = ({ payload }) => (isObject(payload) ? payload : {})

    RED.nodes.registerType("authorgan-control", ControlNode)
}
