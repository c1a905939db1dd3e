/** How curves are looked at: smoothing, clipping, scale, what x counts. One choice for every chart, kept in the browser. */
import { element } from "./dom.js"
import { text } from "./texts.js"

const KEY = "authorgan-runs-view"
const DEFAULTS = { smoothing: "exponential", amount: 0.9, clip: true, log: false, x: "step" }
const AMOUNTS = {
    exponential: { min: 0, max: 0.99, step: 0.01, usual: 0.9 },
    rolling: { min: 0, max: 0.3, step: 0.01, usual: 0.05 }
}

export class CurveView {
    /** @param {() => void} onchange */
    constructor(onchange) {
        this.onchange = onchange
        Object.assign(this, DEFAULTS, JSON.parse(RED.settings.getLocal(KEY) || "{}"))
    }

    settings() {
        const { smoothing, amount, clip, log, x } = this
        return { smoothing, amount, clip, log, x }
    }

    change(changes) {
        Object.assign(this, changes)
        RED.settings.setLocal(KEY, JSON.stringify(this.settings()))
        this.onchange()
    }

    /** The row of controls above a chart. `axes`: what x may count here. */
    controls(axes) {
        const slider = element("input", {
            type: "range",
            "aria-label": text("view.amount"),
            title: text("view.amount"),
            oninput: ({ target }) => this.change({ amount: Number(target.value) })
        })
        const setSlider = () => {
            const { min, max, step } = AMOUNTS[this.smoothing] || AMOUNTS.exponential
            Object.assign(slider, { min, max, step, disabled: this.smoothing === "none" })
            slider.value = this.amount
        }
        setSlider()
        const select = (key, options, onchange) =>
            element(
                "select",
                { "aria-label": text(`view.${key}`), title: text(`view.${key}`), onchange },
                options.map((value) =>
                    element("option", { value, selected: this[key] === value }, text(`view.${key}_${value}`))
                )
            )
        const tick = (key) =>
            element(
                "label",
                { title: text(`view.${key}Hint`) },
                element("input", {
                    type: "checkbox",
                    checked: this[key],
                    onchange: ({ target }) => this.change({ [key]: target.checked })
                }),
                ` ${text(`view.${key}`)}`
            )
        return element(
            "div",
            { class: "authorgan-runs-view" },
            select("smoothing", ["exponential", "rolling", "none"], ({ target }) => {
                this.change({ smoothing: target.value, amount: AMOUNTS[target.value]?.usual ?? 0 })
                setSlider()
            }),
            slider,
            tick("clip"),
            tick("log"),
            axes.length > 1 && select("x", axes, ({ target }) => this.change({ x: target.value }))
        )
    }
}
