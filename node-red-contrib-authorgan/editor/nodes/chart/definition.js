RED.nodes.registerType("authorgan-chart", {
    category: "AuthorGAN results",
    color: "#e6cf9f",
    icon: "authorgan-chart.svg",
    defaults: {
        name: { value: "" },
        show: { value: "losses" },
        form: { value: "array" },
        smoothing: {
            value: "0",
            validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 0, maxItems: 1 })
        },
        rate: {
            value: "1",
            validate: (value, _opt) =>
                AuthorGAN.reasons.ofNumbers(value, { minimum: 1, maximum: 50, minItems: 1, maxItems: 1 })
        },
        most: {
            value: "20",
            validate: (value, _opt) =>
                AuthorGAN.reasons.ofNumbers(value, { minimum: 3, maximum: 10000, minItems: 1, maxItems: 1 })
        },
        version: { value: 2 }
    },
    inputs: 1,
    outputs: 1,
    label: function () {
        return this.name || `${this._("label.palette")}: ${this._(`show.${this.show}`)}`
    },
    labelStyle: function () {
        return this.name ? "red-ui-flow-node-label-italic" : ""
    },
    paletteLabel: function () {
        return this._("label.palette")
    },
    inputLabels: function () {
        return this._("label.input")
    },
    outputLabels: function () {
        return this._(`form.${this.form}`)
    }
})
