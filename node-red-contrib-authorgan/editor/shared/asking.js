/** What the editor asks of the service, by way of Node-RED. Every question rejects with an Error in words. */
import png from "../../lib/png.js"
import { standard } from "./services.js"

/** The head of a picture is small: what is in front of the pixels is looked for in this many bytes. */
const HEAD_BYTES = 2 ** 20

/** The whole drawing as it would be saved. */
export const completeFlow = () => RED.nodes.createCompleteNodeSet({ credentials: false })

/** The service that a GAN will be trained with: that of its train or sweep node, else the first there is. */
export function serviceNode(flow, id) {
    const services = flow.filter(({ type }) => type === "authorgan-service")
    return services.find((service) => service.id === id) || services[0]
}

/**
 * The resolved form of a spec that is in no drawing; of a spec with problems the Error tells what was `measured`.
 * @param {{ id, url }} [of]  the service that is asked, where it matters which
 */
export const askFor = async (spec, of) =>
    (await post("authorgan/resolve", { spec, ...(of && { service: of.id, url: of.url }) })).spec

/** The named GANs of the service: [{ name, title, summary }], or the spec of one. */
export const askZoo = (name) => post("authorgan/zoo", { name })

/** What each driver of the service can do: { keras: { backends: those that are installed there, … }, … }. */
export const askDrivers = () => post("authorgan/drivers", {})

/** What a picture of samples was drawn by: { spec, seed, step, job, count, columns, labels, notes, … }. */
export async function askPicture(file) {
    const head = png.headOf(new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()))
    return post("authorgan/picture", { image: await asDataUrl(new Blob([head])) })
}

/** Samples of a job, `drawn` by { seed, count, columns, labels }: { picture: data URL, step: of the weights }. */
export async function askSamples(job, drawn) {
    const { picture, step } = await post("authorgan/redraw", { job, drawn })
    return { picture: `data:image/png;base64,${picture}`, step }
}

/** The layers in a file that another program has saved, not yet resolved. */
export const askNetwork = async (file) => (await postFile("authorgan/network", { file })).layers

/**
 * Has the service keep a network with its weights, in the place of one of a spec.
 * @returns {Promise<{ id: string, name: string, spec: object }>}  the run that it is kept as
 */
export const askToKeep = (file, { spec, role, name }) =>
    postFile("authorgan/weights", { file, spec: JSON.stringify(spec), network: role, name })

function postFile(url, fields) {
    const form = new FormData()
    for (const [name, value] of Object.entries(fields)) form.append(name, value)
    const about = new URLSearchParams(target())
    return send(`${url}?${about}`, { data: form, contentType: false, processData: false })
}

/** Which service is asked where nothing says another one. */
function target() {
    const { id, url } = serviceNode(completeFlow()) || standard
    return { service: id, url }
}

const post = (url, body) =>
    send(url, { contentType: "application/json", data: JSON.stringify({ ...target(), ...body }) })

function send(url, options) {
    return new Promise((resolve, reject) => {
        $.ajax({ url, method: "POST", ...options })
            .done(resolve)
            .fail(({ status, responseJSON: problem, statusText }) => {
                const { problems = [], measured } = problem || {}
                const message = problems.map(({ message }) => message).join(" ") || problem?.message || statusText
                reject(Object.assign(new Error(message), { status, problems, measured }))
            })
    })
}

function asDataUrl(blob) {
    return new Promise((resolve, reject) => {
        const reader = new FileReader()
        reader.onload = () => resolve(reader.result)
        reader.onerror = () => reject(reader.error)
        reader.readAsDataURL(blob)
    })
}
