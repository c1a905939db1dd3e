/** Small flows for tests, as Node-RED saves them. */

/** A node of the tab "t"; `to` are the ids wired to its outputs: a list of ids for each. */
const node = (id, type, to = [], properties = {}) => ({ id, type, z: "t", x: 0, y: 0, wires: to, ...properties })

const tab = { id: "t", type: "tab", label: "test" }

/** data, generator and discriminator wired into a gan, and that into a train node with a sink at each output. */
function firstFlow(url, train = {}) {
    return [
        tab,
        { id: "service", type: "authorgan-service", name: "", url },
        node("data", "authorgan-data", [["gan"]], { choice: "digits", parameters: { image_size: 16 } }),
        node("generator", "authorgan-generator", [["gan"]], { choice: "dcgan", parameters: {} }),
        node("discriminator", "authorgan-discriminator", [["gan"]], { choice: "wgan", parameters: {} }),
        node("gan", "authorgan-gan", [["train"]], { name: "mine", parameters: {} }),
        node("train", "authorgan-train", [["losses"], ["samples"], ["end"]], { service: "service", ...train }),
        ...["losses", "samples", "end", "errors", "completed", "states"].map((name) =>
            node(name, "sink", [], { name })
        ),
        node("catch", "catch", [["errors"]], { scope: null }),
        node("complete", "complete", [["completed"]], { scope: ["train"] }),
        node("status", "status", [["states"]], { scope: ["train"] })
    ]
}

module.exports = { node, tab, firstFlow }
