/** The AuthorGAN sidebar: the runs of a service, one of them, or several compared, without leaving the drawing. */
import { element } from "./dom.js"
import { Sidebar } from "./sidebar.js"
import { text } from "./texts.js"

const ID = "authorgan-runs"

RED.plugins.registerPlugin(ID, { onadd: start })

function start() {
    const place = element("div", { class: "authorgan-runs", tabindex: -1 })
    const sidebar = new Sidebar(place)
    // Whoever invokes it may say which run, as { service, job }.
    const show = (run) => {
        if (run?.job) sidebar.turnToRun(run)
        RED.sidebar.show(ID)
    }
    RED.actions.add("authorgan:show-runs", show, { label: text("show") })
    RED.sidebar.addTab({
        id: ID,
        label: text("label"),
        name: text("name"),
        content: place,
        toolbar: sidebar.toolbar,
        enableOnEdit: true,
        action: "authorgan:show-runs",
        iconClass: "fa fa-line-chart",
        onchange: () => sidebar.shown(),
        onremove: () => sidebar.hidden()
    })
    // Node-RED calls no one when another tab hides this one, so it is asked.
    new IntersectionObserver(([{ isIntersecting }]) => (isIntersecting ? sidebar.shown() : sidebar.hidden())).observe(
        place
    )
    for (const event of ["deploy", "flows:loaded", "nodes:add", "nodes:remove"])
        RED.events.on(event, () => sidebar.refreshServices())
}
