/** Turns the pages of a listing, however long it is: one page is asked for, and shown, at a time. */
import { element, iconButton } from "./dom.js"
import { text } from "./texts.js"

export class Pager {
    /**
     * @param {() => void} onturn
     * @param {{ cursors?: (string|null)[] }} memory  keeps the page while another view is shown
     */
    constructor(onturn, memory = {}) {
        this.onturn = onturn
        this.memory = memory
        memory.cursors ??= [null]
        this.next = null
        this.number = element("span", { class: "authorgan-runs-step", role: "status" })
        this.backward = iconButton("chevron-left", text("pager.backward"), () => this.turn(memory.cursors.slice(0, -1)))
        this.forward = iconButton("chevron-right", text("pager.forward"), () =>
            this.turn([...memory.cursors, this.next])
        )
        this.place = element(
            "div",
            { class: "authorgan-runs-pager", hidden: true },
            this.backward,
            this.number,
            this.forward
        )
    }

    /** What a request for the present page asks for. */
    get query() {
        const cursor = this.memory.cursors.at(-1)
        return cursor ? { cursor } : {}
    }

    /** Back to the first page, because something else is looked for. */
    reset() {
        this.memory.cursors = [null]
    }

    /** @param {string|null} next  what the service says comes after the present page */
    show(next) {
        this.next = next
        const { length } = this.memory.cursors
        this.place.hidden = length === 1 && !next
        this.number.textContent = text("pager.page", { number: length })
        this.backward.disabled = length === 1
        this.forward.disabled = !next
    }

    turn(cursors) {
        this.memory.cursors = cursors
        this.onturn()
    }
}
