const { registerAsking, good } = require("../lib/asking")
const { carried } = require("../lib/drawing")
const { decoded, encoded } = require("../lib/pictures")
const { wishesOf } = require("../lib/wishes")

const WISHES = {
    layer: "text",
    label: "number",
    count: "number",
    seed: "number",
    top: "number",
    samples: "number",
    switch: "text"
}

module.exports = (RED) =>
    /** config: layer, label, count, seed, top, switch (off, on) */
    registerAsking(RED, "authorgan-dissect", async (question) => {
        const { job, msg, config } = question
        const body = wishesOf(msg, config, WISHES)
        if (!body.layer) throw new Error(RED._("errors.noLayer"))
        if (msg.mask !== undefined) {
            ;[body.mask] = encoded(msg.mask)
            // A mask or a class says what is looked for; the message's own mask comes before the dialog's class.
            if (msg.label === undefined) delete body.label
        }
        const { before, after, units, ...found } = await question.slowly("dissect", body)
        const picture = (topic, text) => ({ ...carried(RED, msg), topic, payload: decoded(text), job })
        // What a preview shows of them in the end is the last: of the units the best one.
        const pictures = [
            ...units.toReversed().map(({ unit, picture: text }) => picture(`unit ${unit}`, text)),
            picture("before", before),
            picture("after", after)
        ]
        msg.payload = { layer: body.layer, ...found, units: units.map(({ picture: _shown, ...unit }) => unit) }
        msg.units = { [body.layer]: body.switch === "on" ? switchedOn(units) : switchedOff(units) }
        return { status: good(`${units.length} / ${body.layer}`), messages: [msg, pictures] }
    })

/** The same switching as a sample node takes it: to what each unit gives where it is lit, or to nothing. */
const switchedOn = (units) => ({ on: Object.fromEntries(units.map(({ unit, level }) => [unit, level])) })
const switchedOff = (units) => ({ off: units.map(({ unit }) => unit) })
