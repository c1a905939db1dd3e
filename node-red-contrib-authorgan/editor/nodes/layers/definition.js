RED.nodes.registerType("authorgan-layers", {
    category: "AuthorGAN work",
    color: "#a5cdb8",
    icon: "authorgan-layers.svg",
    defaults: {
        name: { value: "" },
        network: { value: "generator" },
        layer: { value: "" },
        seed: {
            value: "0",
            validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 0, maxItems: 1 })
        },
        label: {
            value: "",
            validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 0, maxItems: 1 })
        },
        most: { value: "", validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 1, maxItems: 1 }) },
        normalization: { value: "map" },
        as: { value: "picture" },
        train: {
            value: "",
            type: "authorgan-train[]",
            validate: function (_value, _opt) {
                return AuthorGAN.reasons.ofTraining(this)
            }
        },
        service: { value: "", type: "authorgan-service", required: false },
        below: { value: true },
        width: { value: 240 },
        version: { value: 2 }
    },
    inputs: 1,
    outputs: 1,
    label: function () {
        return this.name || this.layer || this._("label.palette")
    },
    labelStyle: function () {
        return this.name ? "red-ui-flow-node-label-italic" : ""
    },
    paletteLabel: function () {
        return this._("label.palette")
    },
    outputLabels: function () {
        return this._(`as.${this.as}`)
    },
    oneditprepare: function () {
        AuthorGAN.layerChoice.prepare()
        AuthorGAN.trainingChoice.prepare(this)
    },
    oneditsave: function () {
        AuthorGAN.trainingChoice.save(this)
    }
})
