RED.nodes.registerType("authorgan-arithmetic", {
    category: "AuthorGAN work",
    color: "#a5cdb8",
    icon: "authorgan-arithmetic.svg",
    defaults: {
        name: { value: "" },
        terms: { value: "", validate: (value, _opt) => AuthorGAN.reasons.ofTerms(value) },
        count: {
            value: "",
            validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 1, maxItems: 1 })
        },
        seed: { value: "", validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 0, maxItems: 1 }) },
        as: { value: "picture" },
        train: {
            value: "",
            type: "authorgan-train[]",
            validate: function (_value, _opt) {
                return AuthorGAN.reasons.ofTraining(this)
            }
        },
        service: { value: "", type: "authorgan-service", required: false },
        below: { value: true },
        width: { value: 240 },
        version: { value: 2 }
    },
    inputs: 1,
    outputs: 1,
    label: function () {
        return this.name || this.terms || this._("label.palette")
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
