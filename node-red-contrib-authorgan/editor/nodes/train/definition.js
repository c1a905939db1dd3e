RED.nodes.registerType("authorgan-train", {
    category: "AuthorGAN work",
    color: "#a5cdb8",
    icon: "authorgan-train.svg",
    defaults: {
        name: { value: "" },
        service: { value: "", type: "authorgan-service" },
        runtime: { value: "" },
        whenBusy: { value: "refuse" },
        stopOnClose: { value: false },
        version: {
            value: 2,
            validate: function (_value, _opt) {
                return AuthorGAN.reasons.ofDrawing(this)
            }
        }
    },
    inputs: 1,
    outputs: 3,
    label: function () {
        return this.name || this._(this.runtime ? `runtime.${this.runtime}` : "label.default")
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
        return this._(["label.losses", "label.samples", "label.end"][port])
    },
    oneditprepare: function () {
        AuthorGAN.exportSpec.prepare(this)
        AuthorGAN.runOf.prepare(this)
        AuthorGAN.form.markMissing($("#authorgan-runtime-row"))
    },
    onadd: function () {
        AuthorGAN.services.adopt(this)
    }
})
