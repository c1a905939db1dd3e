RED.nodes.registerType("authorgan-service", {
    category: "config",
    defaults: {
        name: { value: "" },
        url: {
            value: "http://127.0.0.1:5050",
            required: true,
            validate: (value, _opt) => AuthorGAN.reasons.ofAddress(value)
        }
    },
    credentials: {
        key: { type: "password" }
    },
    label: function () {
        return this.name || this.url
    },
    oneditprepare: function () {
        AuthorGAN.services.prepareTest(this)
    }
})
