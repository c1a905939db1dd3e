/**
 * A loss curve of bounded size: [[step, generator, discriminator], …]. When it is full, neighbours are averaged in
 * pairs, so that an hour of training takes no more room, and no more time to draw, than a minute.
 */
const MOST_POINTS = 400

class Curve {
    constructor() {
        this.clear()
    }

    clear() {
        this.points = []
        /** How many steps one point stands for. */
        this.span = 1
        this.pending = []
        this.last = null
    }

    /** @param {[number, number, number][]} points  step, generator's loss, discriminator's loss; steps only rise */
    add(points) {
        for (const point of points) {
            if (this.last && point[0] <= this.last[0]) continue // Heard twice, after a reconnect.
            this.last = point
            this.pending.push(point)
            if (this.pending.length < this.span) continue
            this.points.push(mean(this.pending))
            this.pending = []
            if (this.points.length >= MOST_POINTS) this.halve()
        }
    }

    halve() {
        const pairs = []
        for (let at = 0; at + 1 < this.points.length; at += 2) pairs.push(mean(this.points.slice(at, at + 2)))
        this.points = pairs
        this.span *= 2
    }

    toJSON() {
        return { points: this.points, last: this.last }
    }
}

/** The middle of some points; their last step, because that is what a reader compares with the status. */
function mean(points) {
    const average = (column) => {
        const values = points.map((point) => point[column]).filter(Number.isFinite)
        // A loss that was no finite number arrives as null, and stays a gap.
        return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null
    }
    return [points.at(-1)[0], average(1), average(2)]
}

module.exports = { Curve }
