/** A picture of samples carries what it was drawn by: its drawing is opened, and the picture drawn again. */
import { askPicture, askSamples } from "./asking.js"
import { drawSpec } from "./draw-spec.js"
import { text } from "./texts.js"

const ID = "authorgan-picture"
/** What the service answers where a job, or its weights, is not there. */
const [GONE, NO_WEIGHTS] = [404, 409]

/** Rejects with an Error that has its `problems` where the picture carries no spec that can be drawn. */
export async function openPicture(file) {
    const found = await askPicture(file)
    await drawSpec(found.spec)
    await reproduce(file, found)
}

/** Has the job of a picture draw it once more, and tells how that went. */
async function reproduce(file, { job, seed, count, columns, labels, step, hash_matches: genuine }) {
    const say = (key, values, pictures) => tell([...(genuine ? [] : ["changed"]), key], values, pictures)
    if (job === null || seed === null) return say("unknown")
    let again
    try {
        again = await askSamples(job, { seed, count, columns, labels })
    } catch ({ status, message }) {
        return say(status === GONE ? "gone" : status === NO_WEIGHTS ? "noWeights" : "failed", { job, message })
    }
    const before = URL.createObjectURL(file)
    const difference = differenceOf(await pixelsIn(before), await pixelsIn(again.picture))
    const others = difference === null ? "otherSize" : "differs"
    const key = difference === 0 ? "same" : step !== again.step ? "trainedOn" : others
    return say(key, { was: step, is: again.step, difference }, [before, again.picture])
}

function tell(keys, values, pictures = []) {
    const words = keys.map((key) => $("<p>").text(text(`picture.${key}`, values)))
    const shown = pictures.map((address, index) =>
        $("<figure>").append(
            $("<img>").attr("src", address),
            $("<figcaption>").text(text(`picture.${index === 0 ? "dropped" : "again"}`))
        )
    )
    const notice = RED.notify($('<div class="authorgan-reproduced">').append(words, $("<div>").append(shown)), {
        ...{ id: ID, fixed: true, type: keys.includes("same") && keys.length === 1 ? "success" : "warning" },
        buttons: [{ text: text("dialog.close"), click: () => notice.close() }]
    })
}

async function pixelsIn(address) {
    const image = new Image()
    image.src = address
    await image.decode()
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext("2d")
    canvas.drawImage(image, 0, 0)
    return canvas.getImageData(0, 0, image.naturalWidth, image.naturalHeight)
}

/** The largest difference of two pictures in any colour of any pixel, of 255; null where they differ in size. */
function differenceOf(a, b) {
    if (a.width !== b.width || a.height !== b.height) return null
    let most = 0
    for (let at = 0; at < a.data.length; at += 1) most = Math.max(most, Math.abs(a.data[at] - b.data[at]))
    return most
}
