/** A generated node set of many types, read as the flow library reads it: without running the editor. */
const fs = require("node:fs")
const path = require("node:path")
const { folder } = require("./palette")

const read = (name) => fs.readFileSync(path.join(folder, name), "utf8")

function readSet(name) {
    const html = read(`nodes/${name}.html`)
    const help = read(`nodes/locales/en-US/${name}.html`)
    const texts = JSON.parse(read(`nodes/locales/en-US/${name}.json`))
    const definitions = new Map()
    for (const [, script] of html.matchAll(/<script type="text\/javascript">([\s\S]*?)<\/script>/g)) {
        const registerType = (type, definition) => definitions.set(type, definition)
        new Function("RED", script)({ nodes: { registerType } })
    }
    /** The script of a file that carries this attribute. */
    const part = (file, attribute, type) => file.split(`${attribute}="${type}">`)[1].split("</script>")[0].trim()
    const textAt = (key) => key.split(".").reduce((value, step) => value?.[step], texts)
    return {
        definitions,
        texts,
        /** The dialog of a type, with the texts that it asks for: { keys: [{ name, text }] }. */
        dialogOf: (type) => {
            const dialog = part(html, "data-template-name", type)
            const keys = [...dialog.matchAll(/data-i18n="([^"]+)"/g)].map(([, key]) => key)
            return { keys: keys.map((key) => ({ name: key, text: textAt(key) })) }
        },
        helpOf: (type) => part(help, "data-help-name", type),
        icon: ({ icon }) => read(`nodes/icons/${icon}`)
    }
}

module.exports = { readSet }
