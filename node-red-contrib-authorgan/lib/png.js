/** PNG files as far as their pixels (PNG specification, 3rd edition, 5.2 and 5.3): a signature, then chunks. Pure. */
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
/** Length and type before the content of a chunk, checksum behind it. */
const BEFORE = 8
const AROUND = BEFORE + 4

/**
 * A picture up to where its pixels begin, which is all that it takes to read the texts in front of them.
 * @param {Uint8Array} bytes
 * @returns {Uint8Array} the same bytes if they are no PNG, or end before any pixels
 */
function headOf(bytes) {
    if (!SIGNATURE.every((byte, at) => bytes[at] === byte)) return bytes
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let at = SIGNATURE.length; at + BEFORE <= bytes.length; at += AROUND + view.getUint32(at)) {
        if (String.fromCharCode(...bytes.subarray(at + 4, at + BEFORE)) === "IDAT")
            return bytes.subarray(0, at + BEFORE)
    }
    return bytes
}

module.exports = { headOf }
