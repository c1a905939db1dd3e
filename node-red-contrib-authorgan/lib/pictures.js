/** Pictures between Node-RED, where they are Buffers, and the service's JSON, where they are base64. Pure. */

/** One picture or a list of them, Buffers or base64 already, as a list of base64. */
const encoded = (pictures) =>
    [pictures].flat().map((picture) => (Buffer.isBuffer(picture) ? picture.toString("base64") : picture))

const decoded = (text) => Buffer.from(text, "base64")

module.exports = { encoded, decoded }
