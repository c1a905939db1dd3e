RED.nodes.registerType("authorgan-sweep", {
    category: "AuthorGAN work",
    color: "#a5cdb8",
    icon: "authorgan-sweep.svg",
    defaults: {
        name: { value: "" },
        service: { value: "", type: "authorgan-service" },
        rows: { value: [] },
        generator: { value: "" },
        discriminator: { value: "" },
        version: {
            value: 2,
            validate: function (_value, _opt) {
                return AuthorGAN.reasons.ofSweep(this)
            }
        }
    },
    inputs: 1,
    outputs: 3,
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
    outputLabels: function (port) {
        return this._(["label.progress", "label.heatmaps", "label.end"][port])
    },
    oneditprepare: function () {
        AuthorGAN.sweep.prepare(this)
        AuthorGAN.exportSpec.prepare(this)
    },
    oneditsave: function () {
        this.rows = AuthorGAN.sweep.read()
    },
    onadd: function () {
        AuthorGAN.services.adopt(this)
    }
})
