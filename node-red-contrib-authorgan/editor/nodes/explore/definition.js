RED.nodes.registerType("authorgan-explore", {
    category: "AuthorGAN work",
    color: "#a5cdb8",
    icon: "authorgan-explore.svg",
    defaults: {
        name: { value: "" },
        show: { value: "strip" },
        method: { value: "sefa" },
        layer: { value: "" },
        seed: {
            value: "0",
            validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 0, maxItems: 1 })
        },
        label: {
            value: "",
            validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 0, maxItems: 1 })
        },
        amounts: { value: "", validate: (value, _opt) => AuthorGAN.reasons.ofAmounts(value) },
        direction: {
            value: "0",
            validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 0, maxItems: 1 })
        },
        range: {
            value: "3",
            validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { type: "number", minimum: 0, maxItems: 1 })
        },
        steps: {
            value: "7",
            validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 2, maxItems: 1 })
        },
        count: {
            value: "",
            validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 1, maxItems: 1 })
        },
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
        return this.name || this._("label.palette")
    },
    labelStyle: function () {
        return this.name ? "red-ui-flow-node-label-italic" : ""
    },
    paletteLabel: function () {
        return this._("label.palette")
    },
    outputLabels: function () {
        return this._(`show.${this.show}`)
    },
    oneditprepare: function () {
        const show = () => {
            const chosen = String($("#node-input-show").val())
            for (const row of $("[data-authorgan-show]").toArray())
                $(row).toggle(row.dataset.authorganShow.split(" ").includes(chosen))
        }
        $("#node-input-show").on("change", show)
        show()
        AuthorGAN.layerChoice.prepare()
        AuthorGAN.trainingChoice.prepare(this)
    },
    oneditsave: function () {
        AuthorGAN.trainingChoice.save(this)
    }
})
