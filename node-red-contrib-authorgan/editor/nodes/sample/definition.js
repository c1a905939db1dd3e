RED.nodes.registerType("authorgan-sample", {
    category: "AuthorGAN work",
    color: "#a5cdb8",
    icon: "authorgan-sample.svg",
    defaults: {
        name: { value: "" },
        train: {
            value: "",
            type: "authorgan-train[]",
            validate: function (_value, _opt) {
                return AuthorGAN.reasons.ofTraining(this)
            }
        },
        service: { value: "", type: "authorgan-service", required: false },
        count: {
            value: "16",
            validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 1, maxItems: 1 })
        },
        columns: {
            value: "",
            validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 1, maxItems: 1 })
        },
        seed: {
            value: "",
            validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 0, maxItems: 1 })
        },
        labels: {
            value: "",
            validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 0 })
        },
        below: { value: false },
        width: { value: 240 },
        version: { value: 2 }
    },
    inputs: 1,
    outputs: 1,
    label: function () {
        return this.name || this._("label.default")
    },
    labelStyle: function () {
        return this.name ? "red-ui-flow-node-label-italic" : ""
    },
    paletteLabel: function () {
        return this._("label.palette")
    },
    outputLabels: function () {
        return this._("label.output")
    },
    oneditprepare: function () {
        AuthorGAN.trainingChoice.prepare(this)
    },
    oneditsave: function () {
        AuthorGAN.trainingChoice.save(this)
    }
})
