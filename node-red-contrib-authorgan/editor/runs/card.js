/** What people write on a run: its name, tags and a comment, each changed where it stands. */
import { element } from "./dom.js"
import { text } from "./texts.js"

export class Card {
    /** @param {(changes: object) => void} onchange */
    constructor(onchange) {
        const field = (tag, key, properties, read) =>
            element(tag, {
                // Without it, Node-RED's theme takes no notice of an input.
                type: tag === "input" && "text",
                placeholder: text(`card.${key}`),
                "aria-label": text(`card.${key}`),
                title: text(`card.${key}`),
                onchange: ({ target }) => onchange({ [key]: read(target.value) }),
                ...properties
            })
        const trimmed = (value) => value.trim()
        const list = (value) => [...new Set(value.split(",").map(trimmed))].filter(Boolean)
        this.name = field("input", "name", { class: "authorgan-runs-title" }, trimmed)
        this.tags = field("input", "tags", {}, list)
        this.comment = field("textarea", "comment", { rows: 1 }, trimmed)
        this.words = element("div", { class: "authorgan-runs-card" }, this.tags, this.comment)
    }

    /** Shows what the service has, but for the field that somebody writes in. */
    show({ name, tags, comment }) {
        const fill = (field, value) => {
            if (document.activeElement !== field) field.value = value
        }
        fill(this.name, name || "")
        fill(this.tags, tags.join(", "))
        fill(this.comment, comment || "")
    }
}
