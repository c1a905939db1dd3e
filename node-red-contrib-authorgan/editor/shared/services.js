/** The service nodes: the one that a new node takes, and the Test button in their dialog. */

const TYPE = "authorgan-service"

/** The service that is meant where there is no service node: the one that Node-RED was started with. */
export const standard = { id: "", url: "" }

/** The service node that is there, else a new one to be added: { id, added: [node] }. */
export function usual() {
    let id = null
    RED.nodes.eachConfig((node) => {
        if (node.type === TYPE) id = node.id
        return id === null
    })
    if (id) return { id, added: [] }
    const node = { ...standard, id: RED.nodes.id(), type: TYPE, name: "" }
    return { id: node.id, added: [node] }
}

/** A new train node takes the service that is there; the first one brings the service of this machine along. */
export function adopt(node) {
    if (node.service) return
    const { id, added } = usual()
    if (added.length > 0) RED.nodes.import(added)
    node.service = id
}

/** Where a service node looks for its service: its own address, else the one that Node-RED was started with. */
export const addressOf = ({ url }) => url || RED.settings.authorganServiceAddress

export function prepare(node) {
    $("#node-config-input-url").attr("placeholder", addressOf({}))
    const say = (kind, words) => $("#authorgan-test-result").attr("data-kind", kind).text(words)
    $("#authorgan-test").on("click", () => {
        say("asking", node._("test.asking"))
        const body = {
            service: node.id,
            url: $("#node-config-input-url").val().trim(),
            key: $("#node-config-input-key").val()
        }
        $.ajax({ url: "authorgan/test", method: "POST", contentType: "application/json", data: JSON.stringify(body) })
            .done(({ version, datasets, ready, workers, missing }) => {
                const rest = ready
                    ? node._("test.ready", { workers })
                    : node._("test.missing", { parts: missing.join(" ") })
                say(ready ? "good" : "warning", `${node._("test.found", { version, datasets })} ${rest}`)
            })
            .fail(({ responseJSON: problem, statusText }) => {
                const message = problem?.message || statusText
                say("bad", node._(problem?.away ? "test.away" : "test.refused", { message }))
            })
    })
}
