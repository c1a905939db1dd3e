/**
 * The part of a generator's or discriminator's dialog in which a run is chosen to start from, and layers that start anew
 * or are frozen. What the service says of it stands below while one chooses.
 */
import compiler from "../../lib/compile.js"
import modules from "../../lib/modules.js"
import transfer from "../../lib/transfer.js"
import { Runs } from "../runs/service.js"
import { stateLine } from "../runs/state.js"
import { gansOf, isDrawn, serviceOf } from "./answers.js"
import { askFor, completeFlow } from "./asking.js"
import { problemList } from "./dialog.js"
import * as runChoice from "./run-choice.js"
import { count, text } from "./texts.js"

const { compile, sketch } = compiler
const { MODULES, NETWORKS } = modules
const { rowsOf, saidBy, transferOf } = transfer

const field = () => $("#authorgan-weights-job")
const job = () => field().val().trim()
const body = () => $("#authorgan-transfer-layers tbody")

/** @param {() => object} chosen  the module that the rest of the dialog says */
export function prepare(node, chosen) {
    const place = $("#authorgan-transfer")
    const service = serviceOf(node)
    field().val(node.weights?.job || "")
    place.prop("open", Object.keys(transferOf(node)).length > 0)
    if (service) runChoice.prepare(field(), service.id)

    let said = node
    // Answers come in any order; what was asked before the latest question is of no use any more.
    const asked = { layers: 0, problems: 0 }
    /** Asks for the layers of both sides, and lists them. */
    const list = async () => {
        asked.layers += 1
        const mine = asked.layers
        said = told(said)
        const [here, run] = await Promise.all([layersOf(node, chosen(), service), runOf(service)])
        if (mine !== asked.layers) return
        tellRun(run, fileOf(node))
        const there = run.found ? run.found.spec[MODULES[node.type]].layers : null
        place.data("isListed", Boolean(here.layers))
        if (!here.layers) return tellProblems([{ message: text("transfer.unknown", { reason: here.reason }) }])
        show(rowsOf(here.layers, there, said), Boolean(run.found))
        return judge()
    }
    /** Asks whether what is chosen can be. */
    const judge = async () => {
        asked.problems += 1
        const mine = asked.problems
        const problems = await problemsOf(node, { ...chosen(), ...transferOf(told(said)) }, service)
        if (mine !== asked.problems) return
        tellProblems(problems)
    }
    field().on("change", list)
    $("#node-input-choice, #authorgan-parameters").on("change", () => place.prop("open") && list())
    place.on("toggle", () => place.prop("open") && list())
    body().on("change", "input", () => {
        offerAll()
        judge()
    })
    $("#authorgan-transfer-anew").on("click", () => {
        misfits().prop("checked", true)
        offerAll()
        judge()
    })
}

export function save(node) {
    const { weights, frozen } = told(node)
    Object.assign(node, { weights, frozen })
}

/** Where a network's first weights come from, for people: the file that they came with, else the run. */
export const sourceOf = ({ weights }) => weights?.file || weights?.job || null

/** The file that a run's weights came with, while it is that run. */
const fileOf = ({ weights }) => (weights?.job === job() && weights.file) || null

/** What the node said before, with what the dialog says now; layers that were never listed stay as they were. */
function told(before) {
    const { weights, frozen = [] } = before
    const said = $("#authorgan-transfer").data("isListed")
        ? saidBy(job(), rows(), frozen)
        : { weights: job() ? { job: job(), replace: weights?.replace || [] } : null, frozen }
    return fileOf(before) ? { ...said, weights: { ...said.weights, file: fileOf(before) } } : said
}

/** The rows as they are ticked. */
function rows() {
    const ticked = (row, what) => $(row).find(`.authorgan-${what}`).prop("checked") === true
    return body()
        .children()
        .toArray()
        .map((row) => ({
            id: row.dataset.layer,
            anew: ticked(row, "anew"),
            frozen: ticked(row, "frozen"),
            fixed: row.dataset.fixed === "true"
        }))
}

/** Those that cannot be taken over, and do not start anew yet. */
const misfits = () => body().find(".authorgan-misfit .authorgan-anew:not(:checked)")
const offerAll = () => $("#authorgan-transfer-anew").toggle(misfits().length > 0)

function show(found, isFromRun) {
    body().empty().append(found.map(row))
    $("#authorgan-transfer-layers .authorgan-of-run").toggle(isFromRun)
    offerAll()
}

function row({ id, here, there, misfit, anew, frozen, fixed }) {
    const tick = (what, label, checked) =>
        $('<input type="checkbox">').addClass(`authorgan-${what}`).attr("aria-label", label).prop("checked", checked)
    const words = (layer) => text("transfer.weights", { type: layer.type, count: count(layer.parameter_count) })
    const inRun = there ? (misfit && here ? words(there) : text("transfer.fits")) : text("transfer.missing")
    const start = here ? text("transfer.startsAnew", { id }) : text("transfer.isLeftOut", { id })
    const keep = tick("frozen", text("transfer.isFrozen", { id }), frozen)
    if (fixed) keep.prop("disabled", true).attr("title", text("transfer.ownDialog"))
    return $("<tr>")
        .attr({ "data-layer": id, "data-fixed": fixed })
        .toggleClass("authorgan-misfit", misfit)
        .append(
            $("<td>").append(
                $("<span>").text(id),
                " ",
                $('<span class="authorgan-unit">').text(
                    here ? words(here) : text(there ? "transfer.leftOut" : "transfer.noLayer")
                )
            ),
            $('<td class="authorgan-of-run">').text(here || there ? inRun : ""),
            $('<td class="authorgan-of-run">').append(tick("anew", start, anew)),
            $("<td>").append(here || frozen ? keep : "")
        )
}

const tellProblems = (problems) => $("#authorgan-transfer-problems").empty().append(problemList(problems))

function tellRun({ found, reason }, file) {
    const words = found ? text("transfer.run", { name: runChoice.nameOf(found), line: stateLine(found) }) : reason
    $("#authorgan-weights-file").text(file ? text("weights.cameWith", { file }) : "")
    $("#authorgan-weights-told")
        .text(words || "")
        .toggleClass("authorgan-wrong", Boolean(reason))
}

/** The run that is chosen: { found: the job }, { reason } why it cannot be had, or {}. */
async function runOf(service) {
    if (!job()) return {}
    if (!service?.id) return { reason: text("transfer.noService") }
    try {
        return { found: await new Runs(service.id).show(encodeURIComponent(job())) }
    } catch ({ status, message }) {
        return { reason: status === 404 ? text("transfer.gone", { job: job() }) : message }
    }
}

/** The GAN of a network, else the network by itself, with the module that its dialog says. */
function specWith(node, module) {
    const role = MODULES[node.type]
    const flow = completeFlow()
    const [gan] = gansOf(node)
    const partners = Object.fromEntries(NETWORKS.map((key) => [key, { choice: module.choice }]))
    const spec = (gan && compile(flow, gan.id).spec) ||
        sketch(flow, node.id)?.spec || { authorgan: 1, data: { choice: "digits" }, ...partners }
    if (!isDrawn(node)) return { ...spec, [role]: module }
    const { frozen, weights } = module
    const { choice, layers } = spec[role]
    return { ...spec, [role]: { choice, layers, ...transferOf({ frozen, weights }) } }
}

/** The layers of a network before anything is frozen: { layers }, or { reason } why they are not known. */
async function layersOf(node, module, service) {
    const role = MODULES[node.type]
    try {
        return (await askFor(specWith(node, module), service))[role]
    } catch ({ measured, message }) {
        return { layers: measured?.[role]?.layers, reason: message }
    }
}

/** What is wrong with the run and the layers that are chosen; what else is wrong is told on the canvas. */
async function problemsOf(node, module, service) {
    const about = ["weights", "frozen"].map((key) => `/${MODULES[node.type]}/${key}`)
    try {
        await askFor(specWith(node, module), service)
        return []
    } catch ({ problems = [] }) {
        return problems
            .filter(({ pointer }) => about.some((start) => pointer.startsWith(start)))
            .map(({ message }) => ({ message }))
    }
}
