/**
 * Saved flows of earlier palettes. Every node of ours is saved with a `version`, one number for the whole palette; what
 * was saved by an earlier one is brought up to date, step by step, before anybody reads it. Pure, and shared by the
 * runtime and the editor.
 *
 * A migration is named after the version it starts from: (node) -> the properties that change, as the next version has
 * them. It never changes what a drawing says. A new one goes at the end of the list, and nothing else is to be edited but
 * the `version` in the definitions of the nodes.
 */
const MIGRATIONS = [require("./1")]

/** The version that nodes are saved with now. */
const VERSION = MIGRATIONS.length + 1

const isOurs = ({ type }) => type.startsWith("authorgan-")
const versionOf = ({ version }) => (Number.isInteger(version) && version > 0 ? version : 1)

/** What changes in a node that an earlier palette saved; nothing where it is of this version. */
function changesOf(node) {
    const changes = {}
    if (!isOurs(node)) return changes
    for (let version = versionOf(node); version < VERSION; version += 1)
        Object.assign(changes, MIGRATIONS[version - 1]({ ...node, ...changes }), { version: version + 1 })
    return changes
}

/** A node of this version. */
const migrate = (node) => ({ ...node, ...changesOf(node) })

/** Brings a node up to date in place: what Node-RED or the editor made of it carries more than what was saved. */
const upToDate = (node) => Object.assign(node, changesOf(node))

/** Whether a node was saved by a later palette, which nobody here can read. */
const isNewer = (node) => isOurs(node) && versionOf(node) > VERSION

module.exports = { VERSION, migrate, upToDate, isNewer }
