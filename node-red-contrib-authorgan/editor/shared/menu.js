/** The palette's entries in Node-RED's menu, which are actions too: in the list of actions, and on keys. */
import * as exportSpec from "./export-spec.js"
import * as importSpec from "./import-spec.js"
import { text } from "./texts.js"
import { unfoldSelected } from "./unfold.js"

const MENU = "red-ui-header-button-sidemenu"
const ACTIONS = {
    "import-spec": { run: importSpec.show, key: "alt-g i" },
    "export-spec": { run: exportSpec.showSelected, key: "alt-g e" },
    unfold: { run: unfoldSelected, key: "alt-g u" }
}

export function start() {
    for (const [name, { run, key }] of Object.entries(ACTIONS)) {
        RED.actions.add(`authorgan:${name}`, run, { label: text(`menu.${name}`) })
        RED.keyboard.add("*", key, `authorgan:${name}`)
    }
    RED.menu.addItem(MENU, null)
    RED.menu.addItem(MENU, {
        id: "authorgan-menu",
        label: text("menu.title"),
        options: Object.keys(ACTIONS).map((name) => ({
            ...{ id: `authorgan-menu-${name}`, label: text(`menu.${name}`), onselect: `authorgan:${name}` }
        }))
    })
}
