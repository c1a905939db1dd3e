/** Which job, at which service, a message is about: for the nodes that act upon a training that another node started. */

/**
 * @param {object} RED
 * @param {object} config  of a node with `service` and `train`, both ids and both optional
 * @param {object} msg  its `job` comes before the train node's
 * @returns {{ client: Client, job: string }}
 * @throws {Error} with a text for the person who wired it
 */
function jobOf(RED, config, msg) {
    const train = config.train ? RED.nodes.getNode(config.train) : null
    const client = RED.nodes.getNode(config.service)?.client || train?.client
    const job = msg.job || train?.latestJob()
    if (!client) throw new Error(RED._("errors.noService"))
    if (!job) throw new Error(RED._(train ? "errors.notStarted" : "errors.noJob"))
    return { client, job }
}

module.exports = { jobOf }
