/** What a train node may train with, whatever the gan says: its `runtime` -> the keys of the spec that ask for it. */
const RUNTIMES = {
    pytorch: { driver: "pytorch" },
    torch: { driver: "keras", backend: "torch" },
    tensorflow: { driver: "keras", backend: "tensorflow" },
    jax: { driver: "keras", backend: "jax" }
}

/** Makes a spec one for the runtime of a train node, which is responsible for it then. Without one the gan's stays. */
function trainWith({ id, runtime }, spec, nodes) {
    const keys = RUNTIMES[runtime]
    if (!keys) return
    delete spec.backend
    for (const [key, value] of Object.entries(keys)) {
        spec[key] = value
        nodes[`/${key}`] = id
    }
}

module.exports = { trainWith }
