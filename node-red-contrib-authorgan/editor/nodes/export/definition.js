RED.nodes.registerType("authorgan-export", {
    category: "AuthorGAN work",
    color: "#a5cdb8",
    icon: "authorgan-export.svg",
    defaults: {
        name: { value: "" },
        format: { value: "script" },
        network: { value: "generator" },
        library: { value: "" },
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
        return this._("label.output")
    },
    oneditprepare: function () {
        const ofOne = ["onnx", "keras", "torch_export"]
        const programs = ["script", "notebook"]
        const show = () => {
            const format = String($("#node-input-format").val())
            $("#authorgan-network-row").toggle(ofOne.includes(format))
            $("#authorgan-library-row").toggle(programs.includes(format))
        }
        $("#node-input-format").on("change", show)
        show()
        AuthorGAN.trainingChoice.prepare(this)
    },
    oneditsave: function () {
        AuthorGAN.trainingChoice.save(this)
    }
})
