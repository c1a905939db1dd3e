RED.nodes.registerType("authorgan-runs", {
    category: "AuthorGAN work",
    color: "#a5cdb8",
    icon: "authorgan-runs.svg",
    defaults: {
        name: { value: "" },
        service: { value: "", type: "authorgan-service" },
        state: { value: "" },
        words: { value: "" },
        tag: { value: "" },
        archived: { value: "false" },
        sort: { value: "-created_at" },
        most: {
            value: "20",
            validate: (value, _opt) => AuthorGAN.reasons.ofNumbers(value, { minimum: 1, maxItems: 1 })
        },
        each: { value: false },
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
        return this._(this.each ? "each.run" : "each.all")
    },
    oneditprepare: function () {
        const states = ["queued", "running", "paused", "succeeded", "failed", "stopped"]
        const options = states.map((value) => ({ value, label: this._(`state.${value}`) }))
        $("#node-input-state").typedInput({ types: [{ value: "state", multiple: true, options }] })
    },
    onadd: function () {
        AuthorGAN.services.adopt(this)
    }
})
