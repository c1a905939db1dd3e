RED.nodes.registerType("authorgan-preview", {
    category: "AuthorGAN results",
    color: "#e6cf9f",
    icon: "authorgan-preview.svg",
    defaults: {
        name: { value: "" },
        show: { value: "both" },
        width: {
            value: 240,
            validate: (value, _opt) =>
                AuthorGAN.reasons.ofNumbers(value, { minimum: 60, maximum: 1200, minItems: 1, maxItems: 1 })
        },
        version: { value: 2 }
    },
    inputs: 1,
    outputs: 0,
    label: function () {
        return this.name || this._("label.default")
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
    oneditprepare: function () {
        AuthorGAN.runOf.prepare(this)
    }
})
