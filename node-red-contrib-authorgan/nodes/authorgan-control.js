const { registerAsking, good } = require("../lib/asking")
const { isObject } = require("../lib/patch")

module.exports = (RED) => {
    /** config: action ("pause", "resume", "stop", "step", "update", "checkpoint", or "" for the message's own) */
    registerAsking(RED, "authorgan-control", async ({ client, job, msg, config, signal }) => {
        const body = { ...detailsOf(msg), action: config.action || actionOf(msg) }
        msg.payload = await client.json(`/v1/jobs/${encodeURIComponent(job)}/actions`, { body, signal })
        return { status: good(`status.${body.action}`) }
    })

    function actionOf({ payload }) {
        const action = isObject(payload) ? payload.action : payload
        if (typeof action !== "string" || action === "") throw new Error(RED._("errors.noAction"))
        return action
    }

    /** What a step or an update says more precisely, such as { update: ["generator"] }. */
    const detailsOf = ({ payload }) => (isObject(payload) ? payload : {})
}
