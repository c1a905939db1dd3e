RED.nodes.registerType("authorgan-movie", {
    category: "AuthorGAN results",
    color: "#e6cf9f",
    icon: "authorgan-movie.svg",
    defaults: {
        name: { value: "" },
        format: { value: "gif" },
        as: { value: "buffer" },
        seconds: {
            value: "10",
            validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 1, maxItems: 1 })
        },
        fps: {
            value: "",
            validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 1, maximum: 60, maxItems: 1 })
        },
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
    outputs: 1,
    label: function () {
        return this.name || this._(`format.${this.format}`)
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
        AuthorGAN.trainingChoice.prepare(this)
    },
    oneditsave: function () {
        AuthorGAN.trainingChoice.save(this)
    }
})
