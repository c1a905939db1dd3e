/** The Test button of the service node. */

export function prepare(node) {
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
