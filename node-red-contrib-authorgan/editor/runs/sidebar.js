/** Which of its views the sidebar shows: all runs of a service, one run, or a comparison. */
import { Comparison } from "./compare.js"
import { element, iconButton } from "./dom.js"
import { RunList } from "./list.js"
import { RunPage } from "./run.js"
import { Runs, services } from "./service.js"
import { SweepPage } from "./sweep.js"
import { SweepList } from "./sweeps.js"
import { text } from "./texts.js"

export class Sidebar {
    constructor(place) {
        this.place = place
        this.view = null
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
            this.back()
        })
        /** The views that led to the present one, which is the last. */
        this.trail = [this.runList]
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
        this.turnTo(this.trail.at(-1))
    }

    /** Back to where the present view was opened from. */
    back() {
        if (this.trail.length > 1) this.trail.pop()
        this.reopen()
    }

    /** Opens a view above the present one. */
    go(view) {
        this.trail.push(view)
        this.reopen()
    }

    /** One of the two lists, which lead to everything else. */
    showList(kind = "runs") {
        this.trail = [kind === "runs" ? this.runList : this.sweepList]
        this.reopen()
    }

    /** A run of any service, above the list of that service's runs. */
    turnToRun({ service, job }) {
        if (service !== this.service) {
            this.service = service
            this.memory = {}
            this.refreshServices()
        }
        this.trail = [this.runList]
        this.openRun(job)
    }

    runList = (place, runs) => {
        place.append(this.tabs("runs"))
        return new RunList(place, runs, { memory: this.memory, open: this.openRun, compare: this.openComparison })
    }

    sweepList = (place, runs) => {
        place.append(this.tabs("sweeps"))
        return new SweepList(place, runs, { open: this.openSweep })
    }

    openRun = (id) => this.go((place, runs) => new RunPage(place, runs, { id, back: () => this.back() }))

    openComparison = (ids) =>
        this.go((place, runs) => new Comparison(place, runs, { ids, back: () => this.back(), open: this.openRun }))

    openSweep = (id) =>
        this.go(
            (place, runs) =>
                new SweepPage(place, runs, {
                    id,
                    back: () => this.back(),
                    open: this.openRun,
                    compare: this.openComparison
                })
        )

    tabs(shown) {
        const tab = (kind) =>
            element(
                "button",
                {
                    type: "button",
                    class: `red-ui-button red-ui-button-small toggle${kind === shown ? " selected" : ""}`,
                    "aria-pressed": `${kind === shown}`,
                    onclick: () => this.showList(kind)
                },
                text(`tab.${kind}`)
            )
        return element("div", { class: "authorgan-runs-tabs button-group" }, tab("runs"), tab("sweeps"))
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
