/** Which stretch of each axis is chosen, from 0 to 1: drawn with the pointer, or set by its two handles, also by keys. */

/** Of an axis: what an arrow key moves a handle by, and less than what a press of the pointer is no stretch. */
const KEY_STEP = 0.05
const SLIP = 0.02
const WHOLE = [0, 1]
const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }

export class Stretches {
    /** @param {{ at: (event: PointerEvent) => number, onchange: () => void }} options  `at`: where on an axis that is */
    constructor({ at, onchange }) {
        this.at = at
        this.onchange = onchange
        /** name of an axis -> [from, to] */
        this.chosen = new Map()
    }

    of(axis) {
        return this.chosen.get(axis) || WHOLE
    }

    choose(axis, stretch) {
        if (stretch && (stretch[0] > 0 || stretch[1] < 1)) this.chosen.set(axis, stretch)
        else this.chosen.delete(axis)
        this.onchange()
    }

    clear() {
        this.chosen.clear()
        this.onchange()
    }

    /** Moves one end of a stretch, never beyond the other. */
    move(axis, end, to) {
        const stretch = [...this.of(axis)]
        stretch[end] = end === 0 ? Math.min(clamp(to), stretch[1]) : Math.max(clamp(to), stretch[0])
        this.choose(axis, stretch)
    }

    /** The pointer went down on an axis: from there to where it is let go. */
    brush(event, axis) {
        const from = this.at(event)
        this.follow(event, (to) => {
            if (Math.abs(to - from) > SLIP) this.choose(axis, [Math.min(from, to), Math.max(from, to)])
        })
    }

    /** The pointer went down on a handle. */
    drag(event, axis, end) {
        event.target.focus()
        this.follow(event, (at) => this.move(axis, end, at))
    }

    /** Calls `move` with where the pointer is until it is let go. */
    follow(event, move) {
        const { target } = event
        target.setPointerCapture(event.pointerId)
        const moved = (event) => move(this.at(event))
        const done = () => target.removeEventListener("pointermove", moved)
        target.addEventListener("pointermove", moved)
        target.addEventListener("lostpointercapture", done, { once: true })
    }

    /** A key was pressed on a handle. */
    press(event, axis, end) {
        if (event.key in STEPS) this.move(axis, end, this.of(axis)[end] + STEPS[event.key] * KEY_STEP)
        else if (event.key === "Home") this.move(axis, end, 0)
        else if (event.key === "End") this.move(axis, end, 1)
        else if (event.key === "Escape" && this.chosen.has(axis)) this.choose(axis, null)
        else return
        event.preventDefault()
        // Escape would lead back to the list.
        event.stopPropagation()
    }
}

const clamp = (share) => Math.min(1, Math.max(0, share))
