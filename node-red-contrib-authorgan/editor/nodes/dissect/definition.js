RED.nodes.registerType("authorgan-dissect", {
    category: "AuthorGAN work",
    color: "#a5cdb8",
    icon: "authorgan-dissect.svg",
    defaults: {
        name: { value: "" },
        layer: { value: "" },
        label: {
            value: "",
            validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 0, maxItems: 1 })
        },
        count: {
            value: "",
            validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 1, maxItems: 1 })
        },
        seed: { value: "", validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 0, maxItems: 1 }) },
        top: { value: "", validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 1, maxItems: 1 }) },
        switch: { value: "off" },
        train: {
            value: "",
            type: "authorgan-train[]",
            validate: function (_value, _opt) {
                return AuthorGAN.reasons.ofTraining(this)
            }
        },
        service: { value: "", type: "authorgan-service", required: false },
        version: { value: 2 }
    },
    inputs: 1,
    outputs: 2,
    label: function () {
        return this.name || this._("label.palette")
    },
    labelStyle: function () {
        return this.name ? "red-ui-flow-node-label-italic" : ""
    },
    paletteLabel: function () {
        return this._("label.palette")
    },
    outputLabels: function (port) {
        return this._(["label.units", "label.pictures"][port])
    },
    oneditprepare: function () {
        AuthorGAN.layerChoice.prepare()
        AuthorGAN.trainingChoice.prepare(this)
    },
    oneditsave: function () {
        AuthorGAN.trainingChoice.save(this)
    }
})
