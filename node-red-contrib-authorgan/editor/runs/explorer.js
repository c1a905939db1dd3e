/**
 * What a trained generator can do, looked at by hand: its noise moved along the directions that change most, the way from
 * one sample to another, and what its hidden layers show of the sample.
 */
import { element, iconButton } from "./dom.js"
import { number, text } from "./texts.js"

/** principal: of the activations of the first layer (Härkönen et al. 2020); sefa: of its weights (Shen & Zhou 2021). */
const METHODS = ["sefa", "principal"]
const DIRECTIONS = 6
/** Standard deviations of the noise; beyond, there is hardly anything that the generator has seen. */
const FARTHEST = 3
const WAY_STEPS = 8
const MOST_MAPS = 64

export class Explorer {
    /** @param {import("./service.js").Runs} runs */
    constructor(runs, id) {
        Object.assign(this, { runs, id })
        this.amounts = []
        this.directions = []
        this.asking = new Map()
        this.urls = new Map()
        this.failures = new Map()
        this.method = select(
            "explorer.method",
            METHODS,
            (value) => text(`explorer.${value}`),
            () => this.learn()
        )
        this.label = select("explorer.label", [], number, () => this.show())
        this.label.hidden = true
        this.picture = element("div", { class: "authorgan-runs-sample" })
        this.sliders = element("div", { class: "authorgan-runs-directions" })
        this.way = element("div", { class: "authorgan-runs-sample" })
        this.layer = select(
            "explorer.layer",
            [],
            (value) => value,
            () => this.showMaps()
        )
        this.layer.hidden = true
        this.maps = element("div", { class: "authorgan-runs-sample" })
        this.note = element("p", { class: "authorgan-runs-hint", role: "status" })
        this.place = element(
            "details",
            { class: "authorgan-runs-explorer", hidden: true, ontoggle: () => this.place.open && this.begin() },
            element("summary", {}, text("explorer.title")),
            element(
                "div",
                { class: "authorgan-runs-view" },
                this.method,
                this.label,
                iconButton("random", text("explorer.another"), () => this.another()),
                iconButton("undo", text("explorer.back"), () => this.still()),
                iconButton("arrows-h", text("explorer.way"), () => this.showWay())
            ),
            this.note,
            element("div", { class: "authorgan-runs-explored" }, this.picture, this.sliders),
            this.way,
            element("div", { class: "authorgan-runs-view" }, this.layer),
            this.maps
        )
    }

    /** There is something to explore as soon as there are weights, which are saved with the samples. */
    look({ spec, latest_sample }) {
        this.spec = spec
        this.place.hidden = !latest_sample || !spec.generator.latent_dim
    }

    async begin() {
        if (this.noise) return
        this.noise = normal(this.spec.generator.latent_dim)
        if (this.spec.generator.conditional) {
            fill(
                this.label,
                Array.from({ length: this.spec.data.classes }, (_, at) => at),
                (at) => text("explorer.class", { number: at })
            )
            this.label.hidden = false
        }
        await this.learn()
        await this.tell(async () => {
            const { layers } = await this.post("layers", { network: "generator" })
            const shown = layers.filter(({ has_maps }) => has_maps).map(({ id }) => id)
            fill(this.layer, ["", ...shown], (value) => value || text("explorer.layer"))
            this.layer.hidden = shown.length === 0
        })
    }

    /** The directions of a method, a slider each, and the sample as it is. */
    learn() {
        const work = async () => {
            this.directions = []
            this.sliders.replaceChildren()
            const { directions } = await this.post("directions", { method: this.method.value, count: DIRECTIONS })
            this.directions = directions
            this.amounts = directions.map(() => 0)
            this.sliders.replaceChildren(...directions.map((direction, at) => this.slider(direction, at)))
            await this.show()
        }
        return this.tell(work, this.sliders)
    }

    slider({ index, share }, at) {
        const title = text("explorer.direction", { number: index + 1, share: (100 * share).toFixed(0) })
        return element(
            "label",
            { title },
            element("span", {}, `${index + 1} · ${(100 * share).toFixed(0)} %`),
            element("input", {
                type: "range",
                min: -FARTHEST,
                max: FARTHEST,
                step: 0.1,
                value: this.amounts[at],
                "aria-label": title,
                oninput: ({ target }) => {
                    this.amounts[at] = Number(target.value)
                    this.show()
                }
            })
        )
    }

    another() {
        this.noise = normal(this.spec.generator.latent_dim)
        this.still()
    }

    still() {
        this.amounts = this.directions.map(() => 0)
        for (const input of this.sliders.querySelectorAll("input")) input.value = 0
        this.show()
    }

    /** The noise as the sliders have moved it. */
    moved() {
        return this.noise.map((value, at) =>
            this.directions.reduce((sum, { vector }, which) => sum + this.amounts[which] * vector[at], value)
        )
    }

    get labelled() {
        return this.label.hidden ? {} : { label: Number(this.label.value) }
    }

    show() {
        this.showMaps()
        return this.draw(this.picture, "explore", () => ({ noise: this.moved(), ...this.labelled }))
    }

    showWay() {
        const labels = this.label.hidden ? {} : { labels: [Number(this.label.value)] }
        const to = normal(this.noise.length)
        const body = { noise: [this.moved(), to], steps: WAY_STEPS, columns: WAY_STEPS, ...labels }
        return this.draw(this.way, "interpolate", () => body)
    }

    showMaps() {
        if (!this.layer.value) return this.maps.replaceChildren()
        return this.draw(this.maps, "layers", () => ({
            network: "generator",
            layer: this.layer.value,
            noise: this.moved(),
            max_maps: MOST_MAPS,
            ...this.labelled
        }))
    }

    /** Draws one picture at a time into a place; what is asked for meanwhile comes next, and only the newest of it. */
    async draw(place, path, body) {
        if (this.asking.has(place)) {
            this.asking.set(place, { path, body })
            return
        }
        let next = { path, body }
        while (next) {
            this.asking.set(place, null)
            const { path, body } = next
            await this.tell(
                async () => this.put(place, await this.runs.drawn(`models/${this.id}/${path}`, body())),
                place
            )
            next = this.asking.get(place)
        }
        this.asking.delete(place)
    }

    put(place, blob) {
        const old = this.urls.get(place)
        const url = URL.createObjectURL(blob)
        this.urls.set(place, url)
        const image = place.querySelector("img") || element("img", { alt: text("explorer.title") })
        image.src = url
        if (!image.parentNode) place.replaceChildren(image)
        if (old) URL.revokeObjectURL(old)
    }

    post(path, body) {
        return this.runs.json("POST", `models/${this.id}/${path}`, body)
    }

    /** Says what went wrong with `what`, until that has worked. */
    async tell(work, what = work) {
        try {
            await work()
            this.failures.delete(what)
        } catch (failure) {
            this.failures.set(what, failure.message)
        }
        this.note.textContent = [...new Set(this.failures.values())].join(" ")
    }

    close() {
        for (const url of this.urls.values()) URL.revokeObjectURL(url)
    }
}

/** So many numbers of a standard normal distribution (Box & Muller 1958). */
const normal = (count) =>
    Array.from(
        { length: count },
        () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())
    )

const fill = (select, values, words) =>
    select.replaceChildren(...values.map((value) => element("option", { value }, words(value))))

function select(key, values, words, onchange) {
    const made = element("select", { "aria-label": text(key), title: text(key), onchange })
    fill(made, values, words)
    return made
}
