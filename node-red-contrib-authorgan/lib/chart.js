/**
 * What a training tells, as points for a chart: losses, scores or speed, smoothed as they come and thinned so that a chart
 * can follow. Pure; when to take the points is the caller's.
 */
const { Exponential } = require("./smoothing")

/** What is drawn -> the readings { series: value } at a step in a message, as [[x, readings], …]. */
const READERS = {
    losses: ({ topic, payload }) =>
        topic === "loss" && Array.isArray(payload?.points)
            ? payload.points.map(([step, generator, discriminator]) => [step, { generator, discriminator }])
            : [],
    scores: ({ topic, payload, step }) => {
        if (topic === "metric") return [[payload.step, { [payload.name]: payload.value }]]
        const scores = Object.entries(payload || {}).filter(([, score]) => Number.isFinite(score?.value))
        if (!Number.isFinite(step) || scores.length === 0) return []
        return [[step, Object.fromEntries(scores.map(([name, { value }]) => [name, value]))]]
    },
    speed: ({ topic, payload }) =>
        topic === "progress" ? [[payload.step, { "images a second": payload.images_per_second }]] : []
}

class Chart {
    /**
     * @param {object} options
     * @param {"losses"|"scores"|"speed"} options.show
     * @param {number} [options.smoothing]  a value's share in the average falls to 1/e within this many steps; 0: as it is
     * @param {number} [options.most]  points of a series that are handed on at once
     */
    constructor({ show, smoothing = 0, most = Number.POSITIVE_INFINITY }) {
        Object.assign(this, { read: READERS[show], smoothing, most })
        this.jobs = new Set()
        this.begin(undefined)
    }

    /** Another training: its curves begin anew. */
    begin(job) {
        this.job = job
        this.jobs.add(job)
        /** Name of a series -> { average, last (x), points not yet taken }. */
        this.series = new Map()
        this.isNew = true
    }

    /** Takes in a message; whether there is something to draw in it. Of two trainings, the one that began last is drawn. */
    add(msg) {
        const readings = this.read(msg)
        if (readings.length === 0) return false
        if (msg.job !== this.job) {
            if (this.jobs.has(msg.job)) return false
            this.begin(msg.job)
        }
        let isFresh = false
        for (const [x, values] of readings)
            for (const [name, y] of Object.entries(values)) isFresh = this.place(name, x, y) || isFresh
        return isFresh
    }

    place(name, x, y) {
        if (!Number.isFinite(y)) return false // Not updated in that step, or no longer a number.
        if (!this.series.has(name)) this.series.set(name, { average: this.averaging(), last: -1, points: [] })
        const series = this.series.get(name)
        if (x <= series.last) return false // Heard twice, after a reconnect.
        series.last = x
        series.points.push({ x, y: series.average ? series.average.next(x, y) : y })
        return true
    }

    averaging() {
        return this.smoothing > 0 ? new Exponential((distance) => Math.exp(-distance / this.smoothing)) : null
    }

    /**
     * The points since they were last taken, in the order of x.
     * @returns {{ isNew: boolean, points: { series: string, x: number, y: number }[] }}  `isNew`: what was drawn before
     *     belongs to another training
     */
    take() {
        const points = [...this.series].flatMap(([name, series]) =>
            thinned(series.points.splice(0), this.most).map((point) => ({ series: name, ...point }))
        )
        const { isNew } = this
        this.isNew = false
        return { isNew, points: points.sort((a, b) => a.x - b.x) }
    }
}

/** At most this many of the points, the last among them; of each stretch its least and its greatest remain. */
function thinned(points, most) {
    if (points.length <= most) return points
    const last = points.at(-1)
    const stretches = Math.floor((most - 1) / 2)
    const kept = new Set([last])
    for (let stretch = 0; stretch < stretches; stretch += 1) {
        const at = (part) => Math.floor((part * (points.length - 1)) / stretches)
        const within = points.slice(at(stretch), at(stretch + 1))
        kept.add(within.reduce((least, point) => (point.y < least.y ? point : least)))
        kept.add(within.reduce((greatest, point) => (point.y > greatest.y ? point : greatest)))
    }
    return points.filter((point) => kept.has(point))
}

/** How points are handed on: form -> { isNew, points } -> messages. */
const FORMS = {
    /** One array, as ui-chart of Dashboard takes it with the keys series, x and y. */
    array: ({ isNew, points }) => [{ action: isNew ? "replace" : "append", payload: points }],
    /** A message a point, its topic the series. */
    topics: ({ isNew, points }) =>
        points.map(({ series, x, y }, at) => ({
            topic: series,
            action: isNew && at === 0 ? "replace" : "append",
            payload: { x, y }
        })),
    /** The newest of each series, to be read. */
    plain: ({ points }) => [
        {
            payload: {
                step: points.at(-1).x,
                ...Object.fromEntries(points.map(({ series, y }) => [series, Number(y.toPrecision(4))]))
            }
        }
    ]
}

/** The messages that hand on what was taken; none where nothing was. */
const messagesOf = (form, taken) => (taken.points.length > 0 ? FORMS[form](taken) : [])

module.exports = { Chart, messagesOf, thinned }
