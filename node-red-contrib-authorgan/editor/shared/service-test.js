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
            .done(({ version, datasets, workers, detail }) => {
                const ready =
                    workers > 0 ? node._("test.workers", { count: workers }) : node._("test.noWorkers", { detail })
                say(workers > 0 ? "good" : "warning", node._("test.found", { version, datasets, workers: ready }))
            })
            .fail(({ responseJSON: problem, statusText }) => {
                const message = problem?.message || statusText
                say("bad", node._(problem?.away ? "test.away" : "test.refused", { message }))
            })
    })
}
