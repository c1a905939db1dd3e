/** What a node asks the service for: what the message wants, else what the dialog says. Pure. */

/** How a wish is read from a text of the dialog; nothing where the text is empty. */
const READERS = {
    number: (text) => numbers(text)[0],
    numbers: (text) => some(numbers(text)),
    text: (text) => text.trim() || undefined,
    texts: (text) => some(parts(text, /\s*,\s*/)),
    flag: (text) => text === "true" || undefined,
    /** "0: 1.5, 3: -2" -> { 0: 1.5, 3: -2 } */
    amounts: (text) => {
        const pairs = parts(text, /\s*[,;]\s*/).map((pair) => pair.split(/\s*:\s*/))
        return pairs.length > 0 ? Object.fromEntries(pairs.map(([name, amount]) => [name, Number(amount)])) : undefined
    },
    /** Only a message can say it. */
    message: () => undefined
}

const parts = (text, between) => text.trim().split(between).filter(Boolean)
const numbers = (text) => parts(text, /[\s,;]+/).map(Number)
const some = (list) => (list.length > 0 ? list : undefined)

/**
 * An empty text, of either, leaves the choice to the service.
 *
 * @param {object} msg  a wish of its own comes before the dialog's; one value for a list is a list of one
 * @param {object} config  texts by the same names
 * @param {object} kinds  name of a wish, as the service knows it -> number, numbers, text, texts, flag, amounts or message
 * @returns {object} the wishes that there are
 */
function wishesOf(msg, config, kinds) {
    const wishes = {}
    for (const [name, kind] of Object.entries(kinds)) {
        const wish = msg[name] ?? READERS[kind](String(config[name] ?? ""))
        if (wish === undefined || wish === "") continue
        const isList = kind === "numbers" || kind === "texts"
        wishes[name] = isList && !Array.isArray(wish) ? [wish] : wish
    }
    return wishes
}

module.exports = { wishesOf }
