RED.nodes.registerType("authorgan-interpolate", {
    category: "AuthorGAN work",
    color: "#a5cdb8",
    icon: "authorgan-interpolate.svg",
    defaults: {
        name: { value: "" },
        as: { value: "picture" },
        seeds: { value: "1, 2", validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 0 }) },
        steps: {
            value: "8",
            validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 2, maxItems: 1 })
        },
        method: { value: "spherical" },
        layout: { value: "auto" },
        loop: { value: false },
        labels: { value: "", validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 0 }) },
        fps: {
            value: "",
            validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 1, maximum: 60, maxItems: 1 })
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
        return this._(`as.${this.as}`)
    },
    oneditprepare: function () {
        const movies = ["gif", "mp4"]
        const show = () => $("#authorgan-fps-row").toggle(movies.includes(String($("#node-input-as").val())))
        $("#node-input-as").on("change", show)
        show()
        AuthorGAN.trainingChoice.prepare(this)
    },
    oneditsave: function () {
        AuthorGAN.trainingChoice.save(this)
    }
})
