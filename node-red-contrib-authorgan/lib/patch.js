/** JSON merge patch, RFC 7396: null takes a key away, objects are merged, anything else replaces. Pure. */
function mergePatch(target, patch) {
    if (!isObject(patch)) return patch
    const merged = isObject(target) ? { ...target } : {}
    for (const [key, value] of Object.entries(patch)) {
        if (value === null) delete merged[key]
        else merged[key] = mergePatch(merged[key], value)
    }
    return merged
}

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value)

module.exports = { mergePatch, isObject }
