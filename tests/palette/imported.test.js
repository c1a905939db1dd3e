/** What a network from elsewhere is, and which GAN is drawn around it; how far a picture is read. */
const assert = require("node:assert/strict")
const { describe, test } = require("node:test")
const { load } = require("./support/palette")

const imported = load("./lib/imported.js")
const { headOf } = load("./lib/png.js")

const input = (source, shape) => ({ id: source, type: "Input", source, shape, inputs: [] })
const dense = (units) => ({ id: "dense", type: "Dense", units, inputs: ["in"] })

describe("what a network is", () => {
    for (const [takes, role] of [
        [["noise"], "generator"],
        [["noise", "label"], "generator"],
        [["image"], "discriminator"],
        [["sequence", "label"], "discriminator"],
        [["image", "noise"], null],
        [["label"], null]
    ])
        test(`takes ${takes.join(" and ")}: ${role ?? "does not tell"}`, () => {
            assert.equal(imported.roleOf([...takes.map((source) => input(source, [4])), dense(1)]), role)
        })
})

describe("the data that fits a network", () => {
    for (const [shape, data] of [
        [[28, 28, 1], { choice: "digits", image_size: 28, channels: 1 }],
        [[64, 64, 3], { choice: "digits", image_size: 64, channels: 3 }],
        [[28, 20, 1], { choice: "digits" }],
        [[256, 256, 3], { choice: "digits" }],
        [[24, 2], { choice: "sine", length: 24, channels: 2 }],
        [[], { choice: "digits" }]
    ])
        test(`of samples ${shape.join("x") || "of unknown shape"}`, () => {
            assert.deepEqual(imported.dataOf(shape), data)
        })

    test("a discriminator's samples are what it takes, a generator's what it puts out", () => {
        assert.deepEqual(imported.sampleShape([input("image", [8, 8, 1]), dense(1)], "discriminator"), [8, 8, 1])
        const measured = [input("noise", [4]), { ...dense(6), output_shape: [6] }]
        assert.deepEqual(imported.sampleShape(measured, "generator"), [6])
        assert.deepEqual(imported.sampleShape([input("noise", [4]), dense(6)], "generator"), [])
    })
})

test("a partner is told the class where the network is, and fits sequences", () => {
    const partner = (sources, data) =>
        imported.ganAround(
            sources.map((source) => input(source, [4])),
            "generator",
            { name: "g", data: { choice: data } }
        ).discriminator.choice
    assert.equal(partner(["noise"], "digits"), "dcgan")
    assert.equal(partner(["noise", "label"], "digits"), "cgan")
    assert.equal(partner(["noise"], "sine"), "gan")
})

test("layers that do not resolve are filled in with their defaults, and keep what was measured", () => {
    const [noise, last] = imported.completed([input("noise", [4]), dense(6)], [{ id: "noise", output_shape: [4] }])
    assert.deepEqual([noise.output_shape, last.output_shape], [[4], null])
    assert.deepEqual([last.units, last.use_bias, last.activation], [6, true, "linear"])
})

describe("the head of a PNG", () => {
    const chunk = (type, size) => {
        const length = Buffer.alloc(4)
        length.writeUInt32BE(size)
        return Buffer.concat([length, Buffer.from(type), Buffer.alloc(size + 4)])
    }
    const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

    test("ends where the pixels begin", () => {
        const before = Buffer.concat([signature, chunk("IHDR", 13), chunk("iTXt", 200)])
        const file = Buffer.concat([before, chunk("IDAT", 5000), chunk("IEND", 0)])
        assert.deepEqual(headOf(file), file.subarray(0, before.length + 8))
    })

    test("is all there is of what is no PNG, is cut off, or says a length that it does not have", () => {
        const lying = Buffer.concat([signature, chunk("IHDR", 13)])
        lying.writeUInt32BE(0xffffffff, 8)
        for (const bytes of [Buffer.from("GIF89a"), Buffer.alloc(0), signature, lying])
            assert.equal(headOf(bytes).length, bytes.length)
    })
})
