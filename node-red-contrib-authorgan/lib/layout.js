/**
 * Where the layers of a network are to stand in a drawing, and how the wires between them run. Pure.
 *
 * Each layer stands one column right of all that feed it. Columns are broken into lines, as papers draw blocks: a line
 * ends where the picture changes its size or where it is full, but not inside a branch if that can be helped. Branches
 * lie below each other in lanes, in the order of the inputs of the layer in which they meet, which is what that order is
 * read from (see layers.js). A wire that skips columns keeps a lane of its own, so that it runs under no layer.
 */
const GAP = 30
const LINE_HEIGHT = 80
const LANE_HEIGHT = 60
/** Layers in a line, unless there are so many that the lines would not find room on the canvas below each other. */
const FULL = 5
const MOST_LINES = 45
/** A line shorter than this goes on although the picture changes its size. */
const SHORT = 3
/** A line longer than this may end where branches begin, and one as long as that even where it cuts through them. */
const LONG = 8
const LONGEST = 40
/** Between the bends that put the wires into a layer in order. */
const ORDER_STEP = 20

/** Widths of letters at the size of Node-RED's labels, in pixels; other letters are like an "a". */
const LETTERS = [
    [3.2, "ijl"],
    [4, "ftI .,:;'!|()[]"],
    [4.7, "r-"],
    [7, "cksvxyzJ"],
    [9, "ABEFKLPSTVXYZ"],
    [10.2, "CDGHNOQRUw"],
    [11.7, "mM"],
    [13.2, "W"]
]
const LETTER = 7.8
const letterWidths = new Map(LETTERS.flatMap(([width, letters]) => [...letters].map((letter) => [letter, width])))

/** The width that Node-RED gives a node with this label, in whole grid steps; its input, if any, takes room too. */
function widthOf(label, hasInput = true) {
    const text = [...label].reduce((sum, letter) => sum + (letterWidths.get(letter) ?? LETTER), 0)
    return Math.max(100, 20 * Math.ceil((text + 50 + (hasInput ? 7 : 0)) / 20))
}

/**
 * @param {object[]} layers  as resolved: { id, inputs, output_shape }, each after those that feed it
 * @param {(layer: object) => string} labelOf
 * @returns {{ places: Map<string, { x: number, y: number }>, wires: { from: string, to: string, bends: { x, y }[] }[],
 *     end: { x: number, y: number }, width: number, height: number }}
 *     places: centre of each layer by id, from the upper left corner of all; wires: one for each input of each layer,
 *     with the points at which it needs to be held; end: the right edge of the last layer
 */
function arrange(layers, labelOf) {
    const columns = columnsOf(layers)
    const lines = linesOf(layers, columns)
    const { tracks, trackOf } = tracksOf(layers, columns)
    const lanes = takeLanes(tracks, lines)
    const grid = gridOf(layers, labelOf, columns, lines, lanes)
    const places = new Map()
    for (const { id } of layers) places.set(id, grid.point(columns.get(id), trackOf.get(id)))
    const width = new Map(layers.map((layer) => [layer.id, widthOf(labelOf(layer))]))
    const wires = layers.flatMap((layer) => wiresInto(layer, { columns, lines, trackOf, grid, places, width }))
    const last = layers.at(-1).id
    const end = { x: places.get(last).x + width.get(last) / 2, y: places.get(last).y }
    return { places, wires, end, width: grid.width, height: grid.height }
}

/** id -> column: one right of all that feed it; a branch that begins by itself begins as late as it can. */
function columnsOf(layers) {
    const columns = new Map()
    const fed = new Map(layers.map(({ id }) => [id, []]))
    for (const { id, inputs } of layers) {
        columns.set(id, Math.max(-1, ...inputs.map((input) => columns.get(input))) + 1)
        for (const input of new Set(inputs)) fed.get(input).push(id)
    }
    // What depends on nothing that is used elsewhere can move by itself.
    const free = new Set()
    for (const { id, inputs } of layers) {
        if (inputs.every((input) => free.has(input) && fed.get(input).length === 1)) free.add(id)
    }
    for (const { id } of [...layers].reverse()) {
        if (free.has(id) && fed.get(id).length > 0)
            columns.set(id, Math.min(...fed.get(id).map((next) => columns.get(next))) - 1)
    }
    return columns
}

/** The line of each column. */
function linesOf(layers, columns) {
    const count = Math.max(...columns.values()) + 1
    const sizes = Array(count).fill(null)
    for (const { id, output_shape: shape } of layers) {
        if (shape?.length === 3) sizes[columns.get(id)] ??= shape.slice(0, 2).join()
    }
    const { wires, sources } = crossings(layers, columns, count)
    const full = Math.max(FULL, Math.ceil(count / MOST_LINES))
    const lines = []
    for (let [column, line, length] = [0, 0, 0]; column < count; column += 1) {
        const resized = sizes[column] && sizes[column - 1] && sizes[column] !== sizes[column - 1] && length >= SHORT
        const chain = wires[column] === 1 && (resized || length >= full)
        const branching = sources[column] === 1 && length >= Math.max(LONG, full)
        if (chain || branching || length === Math.max(LONGEST, full)) [line, length] = [line + 1, 0]
        lines.push(line)
        length += 1
    }
    return lines
}

/** How many wires run across the left edge of each column, and from how many layers they come. */
function crossings(layers, columns, count) {
    const [wires, sources] = [Array(count + 1).fill(0), Array(count + 1).fill(0)]
    const furthest = new Map()
    for (const { id, inputs } of layers) {
        for (const input of inputs) {
            wires[columns.get(input) + 1] += 1
            wires[columns.get(id) + 1] -= 1
            furthest.set(input, Math.max(furthest.get(input) ?? 0, columns.get(id)))
        }
    }
    for (const [id, column] of furthest) {
        sources[columns.get(id) + 1] += 1
        sources[column + 1] -= 1
    }
    return { wires: summed(wires), sources: summed(sources) }
}

function summed(changes) {
    let sum = 0
    return changes.map((change) => {
        sum += change
        return sum
    })
}

/**
 * Runs of layers and wires that lie in one lane, { from, to } in columns. Followed upstream from the end, the first
 * input of a layer goes on in its track and the others begin their own, those furthest upstream first: so nested
 * branches get nested lanes.
 *
 * @returns {{ tracks, trackOf }}  trackOf: id of a layer, and "id:number" of each of its inputs -> its track, if any
 */
function tracksOf(layers, columns) {
    const byId = new Map(layers.map((layer) => [layer.id, layer]))
    const feeding = new Set(layers.flatMap(({ inputs }) => inputs))
    const tracks = []
    const trackOf = new Map()
    const open = []
    const begin = (from, to) => {
        const track = { from, to }
        tracks.push(track)
        return track
    }
    const follow = (start, to) => {
        const track = begin(columns.get(start), to)
        for (let id = start; ; ) {
            trackOf.set(id, track)
            track.from = columns.get(id)
            open.push({ id, next: 1 })
            const first = byId.get(id).inputs[0]
            if (first === undefined) return track
            trackOf.set(`${id}:0`, track)
            if (trackOf.has(first)) {
                track.from = columns.get(first) + 1
                return track
            }
            id = first
        }
    }
    for (const { id } of layers.filter(({ id }) => !feeding.has(id)).reverse()) {
        follow(id, columns.get(id))
        while (open.length > 0) {
            const here = open.at(-1)
            const input = byId.get(here.id).inputs[here.next]
            if (input === undefined) {
                open.pop()
                continue
            }
            const wire = `${here.id}:${here.next}`
            here.next += 1
            const [from, to] = [columns.get(input) + 1, columns.get(here.id) - 1]
            if (!trackOf.has(input)) trackOf.set(wire, follow(input, to))
            else if (from <= to) trackOf.set(wire, begin(from, to))
        }
    }
    return { tracks, trackOf }
}

/** Gives each track, in each line that it runs through, the lane below those that are taken; lanes by line. */
function takeLanes(tracks, lines) {
    const taken = lines.map(() => 0)
    for (const track of tracks) {
        track.lanes = new Map()
        for (let start = track.from; start <= track.to; ) {
            let end = start
            while (end < track.to && lines[end + 1] === lines[start]) end += 1
            const lane = Math.max(...taken.slice(start, end + 1))
            taken.fill(lane + 1, start, end + 1)
            track.lanes.set(lines[start], lane)
            start = end + 1
        }
    }
    const counts = Array(lines.at(-1) + 1).fill(1)
    for (const [column, count] of taken.entries()) counts[lines[column]] = Math.max(counts[lines[column]], count)
    return counts
}

/** Where columns and lanes lie. */
function gridOf(layers, labelOf, columns, lines, lanes) {
    const widths = lines.map(() => 0)
    for (const layer of layers) {
        const column = columns.get(layer.id)
        widths[column] = Math.max(widths[column], widthOf(labelOf(layer)))
    }
    let right = 0
    const centres = widths.map((width, column) => {
        if (column > 0 && lines[column] !== lines[column - 1]) right = 0
        right += width + GAP
        return right - GAP - width / 2
    })
    const tops = [0]
    for (const count of lanes) tops.push(tops.at(-1) + (count - 1) * LANE_HEIGHT + LINE_HEIGHT)
    return {
        point: (column, track) => ({
            x: centres[column],
            y: tops[lines[column]] + track.lanes.get(lines[column]) * LANE_HEIGHT
        }),
        width: Math.max(...centres.map((centre, column) => centre + widths[column] / 2)),
        height: tops.at(-1) - LINE_HEIGHT
    }
}

/** The wires into a layer, held so that they run under no other and arrive in the order of the inputs. */
function wiresInto({ id, inputs }, { columns, lines, trackOf, grid, places, width }) {
    const target = places.get(id)
    const wires = inputs.map((from, index) => {
        const [first, last] = [columns.get(from) + 1, columns.get(id) - 1]
        const points = [places.get(from)]
        for (let column = first; column <= last; column += 1) {
            // Along a line only the two ends of the way matter.
            if (column === first || column === last || lines[column - 1] !== lines[column + 1])
                points.push(grid.point(column, trackOf.get(`${id}:${index}`)))
        }
        points.push(target)
        return {
            from,
            to: id,
            bends: points.slice(1, -1).filter((point, at) => turns(points[at], point, points[at + 2]))
        }
    })
    const ends = wires.map(({ from, bends }) => bends.at(-1) || places.get(from))
    const ordered = ends.every((end, index) => index === 0 || isBelow(ends[index - 1], end))
    if (!ordered) {
        const x = target.x - width.get(id) / 2 - GAP / 2
        for (const [index, { bends }] of wires.entries())
            bends.push({ x, y: target.y + (index - (wires.length - 1) / 2) * ORDER_STEP })
    }
    return wires
}

/** Whether a wire turns at a point: where it goes on straight, it needs not be held. */
const turns = (before, point, after) =>
    before.y !== point.y || point.y !== after.y || before.x >= point.x || point.x >= after.x

const isBelow = (upper, lower) => lower.y > upper.y || (lower.y === upper.y && lower.x > upper.x)

module.exports = { arrange, widthOf, GAP, LINE_HEIGHT }
