RED.nodes.registerType("authorgan-gan", {
    category: "AuthorGAN modules",
    color: "#8fa3d6",
    icon: "authorgan-gan.svg",
    defaults: {
        name: { value: "" },
        parameters: { value: {} },
        version: {
            value: 2,
            validate: function (_value, _opt) {
                return AuthorGAN.reasons.ofDrawing(this)
            }
        }
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
    inputLabels: function () {
        return this._("label.input")
    },
    outputLabels: function () {
        return this._("label.output")
    },
    oneditprepare: function () {
        AuthorGAN.form.prepareGan(this)
        AuthorGAN.exportSpec.prepare(this)
    },
    oneditsave: function () {
        AuthorGAN.form.saveGan(this)
    }
})
