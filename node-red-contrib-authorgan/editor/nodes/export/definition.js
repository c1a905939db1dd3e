RED.nodes.registerType("authorgan-export", {
    category: "AuthorGAN work",
    color: "#a5cdb8",
    icon: "authorgan-export.svg",
    defaults: {
        name: { value: "" },
        format: { value: "script" },
        network: { value: "generator" },
        train: { value: "" },
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
        return this._("label.output")
    },
    oneditprepare: function () {
        const ofOne = ["onnx", "keras", "torch_export"]
        const show = () => $("#authorgan-network-row").toggle(ofOne.includes(String($("#node-input-format").val())))
        $("#node-input-format").on("change", show)
        show()
        AuthorGAN.form.prepareJobChoice(this)
    }
})
