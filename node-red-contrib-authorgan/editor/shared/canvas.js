/**
 * What a preview node shows below itself in the drawing: the latest picture and the loss curve; and what other nodes show
 * there whose dialog says so.
 *
 * Node-RED has no documented way to draw below a node. Everything that relies on its view hooks is in this file.
 */
import { card } from "./card.js"
import { text } from "./texts.js"

const TYPE = "authorgan-preview"
/** Room between the node and what hangs below it. */
const GAP = 8
const NARROWEST = 100
const WIDEST = 1200

/**
 * Node id -> { notice, seen, busy, image: { url, width, height }, curve }, kept while its tab is not shown. `seen` is the
 * notice that was looked at last; `from` holds the addresses that image and curve came from.
 */
const shown = new Map()

export function start() {
    RED.comms.subscribe("authorgan/preview/#", (_topic, notice) => {
        const state = stateOf(notice.id)
        state.notice = notice
        refresh(notice.id)
    })
    RED.hooks.add("viewAddNode.authorgan-preview", ({ node, el }) => {
        if (hasCard(node)) hang(node, el)
    })
    RED.hooks.add("viewRedrawNode.authorgan-preview", ({ node, el }) => {
        // A node that was told in its dialog to show something below gets its card then, or has it taken away.
        if (hasCard(node) && !el.authorganCard) hang(node, el)
        if (!hasCard(node) && el.authorganCard) takeDown(el)
        if (el.authorganCard) draw(node, el)
    })
}

/** Whether something hangs below a node in the drawing. */
export const hasCard = ({ type, below }) => type === TYPE || below === true

function hang(node, el) {
    el.authorganCard = card(el, (event) => beginResize(event, node))
    refresh(node.id)
}

function takeDown(el) {
    el.authorganCard.remove()
    el.authorganCard = el.authorganDrawn = null
}

function stateOf(id) {
    if (!shown.has(id)) shown.set(id, { notice: null, seen: null, busy: false, image: null, curve: null, from: {} })
    return shown.get(id)
}

/** Fetches what the latest notice tells of, one at a time, and only while the node is in sight. */
async function refresh(id) {
    const state = stateOf(id)
    if (state.busy || !state.notice || state.seen === state.notice || !document.getElementById(id)) return
    state.busy = true
    const { notice } = state
    try {
        // An address changes with what lies behind it.
        if (notice.picture !== state.from.picture) await fetchPicture(state, notice.picture)
        if (notice.curve !== state.from.curve) await fetchCurve(state, notice.curve)
    } catch (failure) {
        // The node was redeployed or removed meanwhile; the next notice brings something newer.
        console.warn("AuthorGAN preview", id, failure.statusText || failure)
    }
    state.seen = notice
    state.busy = false
    const node = RED.nodes.node(id)
    const el = document.getElementById(id)
    if (node && el) draw(node, el)
    refresh(id)
}

async function fetchPicture(state, address) {
    const options = { url: address, dataType: "binary", xhrFields: { responseType: "blob" } }
    const image = address ? await decode(await $.ajax(options)) : null
    if (state.image) URL.revokeObjectURL(state.image.url)
    state.image = image
    state.from.picture = address
}

async function fetchCurve(state, address) {
    state.curve = address ? await $.getJSON(address) : null
    state.from.curve = address
}

function decode(blob) {
    const url = URL.createObjectURL(blob)
    return new Promise((resolve, reject) => {
        const image = new Image()
        image.onload = () => resolve({ url, width: image.naturalWidth, height: image.naturalHeight })
        image.onerror = () => reject(new Error("not a picture"))
        image.src = url
    })
}

function draw(node, el) {
    const { image, curve, notice } = stateOf(node.id)
    const content = {
        top: node.h + GAP,
        width: clamp(Number(node.width) || 240),
        image: node.show === "curve" ? null : image,
        curve: node.show === "pictures" ? null : curve,
        step: notice?.step ?? null
    }
    // Node-RED redraws every node at each move of any; a card that shows the same is left alone.
    const drawn = el.authorganDrawn
    if (!el.authorganCard || (drawn && Object.keys(content).every((key) => drawn[key] === content[key]))) return
    el.authorganDrawn = content
    el.authorganCard.draw({ ...content, words: WORDS })
}

const WORDS = {
    generator: () => text("curve.generator"),
    discriminator: () => text("curve.discriminator"),
    step: (step) => text("curve.step", { step })
}

const clamp = (width) => Math.min(WIDEST, Math.max(NARROWEST, width))

/** Drags the corner of a card; one undo takes the whole drag back. */
function beginResize(event, node) {
    event.stopPropagation()
    event.preventDefault()
    const from = { x: event.clientX, width: clamp(Number(node.width) || 240), changed: node.changed }
    const redraw = () => {
        const el = document.getElementById(node.id)
        if (el) draw(node, el)
    }
    const move = ({ clientX }) => {
        const width = from.width + (clientX - from.x) / RED.view.scale()
        node.width = clamp(Math.round(width / 10) * 10)
        redraw()
    }
    const end = () => {
        removeEventListener("pointermove", move)
        removeEventListener("pointerup", end)
        if (node.width === from.width) return
        RED.history.push({
            t: "edit",
            node,
            changes: { width: from.width },
            changed: from.changed,
            dirty: RED.nodes.dirty()
        })
        node.changed = true
        node.dirty = true
        RED.nodes.dirty(true)
        RED.view.redraw()
    }
    addEventListener("pointermove", move)
    addEventListener("pointerup", end)
}
