RED.nodes.registerType("authorgan-evaluate", {
    category: "AuthorGAN work",
    color: "#a5cdb8",
    icon: "authorgan-evaluate.svg",
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
        metrics: { value: ["frechet_distance", "precision", "recall"] },
        count: {
            value: "",
            validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 20, maxItems: 1 })
        },
        seed: {
            value: "",
            validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 0, maxItems: 1 })
        },
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
        AuthorGAN.metrics.prepare(this.metrics)
    },
    oneditsave: function () {
        AuthorGAN.trainingChoice.save(this)
        this.metrics = AuthorGAN.metrics.read(this.metrics)
    }
})
