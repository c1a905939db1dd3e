RED.nodes.registerType("authorgan-service", {
    category: "config",
    defaults: {
        name: { value: "" },
        url: {
            value: "",
            validate: (value, _opt) => AuthorGAN.reasons.ofAddress(value)
        }
    },
    credentials: {
        key: { type: "password" }
    },
    label: function () {
        return this.name || AuthorGAN.services.addressOf(this)
    },
    oneditprepare: function () {
        AuthorGAN.services.prepare(this)
    }
})
