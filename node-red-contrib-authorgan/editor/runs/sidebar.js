/** Which of its views the sidebar shows: all runs of a service, one run, or a comparison. */
import { Comparison } from "./compare.js"
import { element, iconButton } from "./dom.js"
import { RunList } from "./list.js"
import { RunPage } from "./run.js"
import { Runs, services } from "./service.js"
import { text } from "./texts.js"

export class Sidebar {
    constructor(place) {
        this.place = place
        this.view = null
        this.open = null
        this.service = null
        this.memory = {}
        this.choice = element("select", {
            "aria-label": text("service"),
            title: text("service"),
            onchange: ({ target }) => {
                this.service = target.value
                this.memory = {}
                this.showList()
            }
        })
        this.toolbar = element(
            "div",
            { class: "authorgan-runs-toolbar" },
            this.choice,
            iconButton("refresh", text("refresh"), () => this.reopen())
        )
        place.addEventListener("keydown", (event) => {
            if (event.key !== "Escape") return
            // Node-RED would look for the place of an element that this takes away.
            event.stopPropagation()
            this.showList()
        })
        this.open = () => this.showList()
    }

    /** The services of the drawing change rarely; a view stays as long as its service is there. */
    refreshServices() {
        const found = services()
        this.choice.replaceChildren(
            ...found.map(({ id, label }) => element("option", { value: id, selected: id === this.service }, label))
        )
        this.choice.hidden = found.length < 2
        if (found.some(({ id }) => id === this.service)) return
        this.service = found[0]?.id ?? null
        if (this.visible) this.showList()
    }

    shown() {
        if (this.visible) return
        this.visible = true
        this.refreshServices()
        if (!this.view) this.reopen()
    }

    /** Nothing is asked for what nobody sees. */
    hidden() {
        this.visible = false
        this.leave()
    }

    reopen() {
        this.open()
    }

    showList() {
        this.open = () => this.showList()
        this.turnTo(
            (place, runs) =>
                new RunList(place, runs, {
                    memory: this.memory,
                    open: (id) => this.showRun(id),
                    compare: (ids) => this.showComparison(ids)
                })
        )
    }

    showRun(id) {
        this.open = () => this.showRun(id)
        this.turnTo((place, runs) => new RunPage(place, runs, { id, back: () => this.showList() }))
    }

    showComparison(ids) {
        this.open = () => this.showComparison(ids)
        this.turnTo(
            (place, runs) =>
                new Comparison(place, runs, { ids, back: () => this.showList(), open: (id) => this.showRun(id) })
        )
    }

    turnTo(make) {
        this.leave()
        if (!this.service) {
            this.place.append(element("p", { class: "authorgan-runs-note" }, text("noService")))
            return
        }
        this.view = make(this.place, new Runs(this.service))
        this.place.querySelector(".authorgan-runs-back")?.focus({ preventScroll: true })
    }

    leave() {
        this.view?.close()
        this.view = null
        this.place.replaceChildren()
    }
}
