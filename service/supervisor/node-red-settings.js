// Node-RED's settings when AuthorGAN starts it. What varies comes from the environment that the supervisor sets.
const crypto = require("node:crypto")
const fs = require("node:fs")

const { AUTHORGAN_HOST, AUTHORGAN_NODE_RED_PORT, AUTHORGAN_API_KEY, AUTHORGAN_NODE_RED_SECRET_FILE } = process.env

const settings = {
    flowFile: "flows.json",
    flowFilePretty: true,
    credentialSecret: fs.readFileSync(AUTHORGAN_NODE_RED_SECRET_FILE, "utf8").trim(),
    uiHost: AUTHORGAN_HOST,
    uiPort: Number(AUTHORGAN_NODE_RED_PORT),
    telemetry: { enabled: false, updateNotification: false },
    logging: { console: { level: "error", metrics: false, audit: false } },
    editorTheme: {
        page: { title: "AuthorGAN" },
        header: { title: "AuthorGAN" },
        tours: false,
        codeEditor: { lib: "monaco" }
    },
    paletteCategories: [
        ...["modules", "work", "results", "core", "convolutional", "normalization", "activation", "recurrent"].map(
            (name) => `AuthorGAN ${name}`
        ),
        ...["AuthorGAN loss", "AuthorGAN optimization"],
        ...["subflows", "common", "function"]
    ],
    // Code in function nodes stays what it was when the flow was drawn: no package is fetched for it.
    functionExternalModules: false
}

// Whoever may draw flows may run code, so with an API key the editor asks for it too: user "authorgan".
if (AUTHORGAN_API_KEY) {
    const user = { username: "authorgan", permissions: "*" }
    const digest = (text) => crypto.createHash("sha256").update(String(text)).digest()
    settings.adminAuth = {
        type: "credentials",
        users: async (name) => (name === user.username ? user : null),
        authenticate: async (name, password) =>
            name === user.username && crypto.timingSafeEqual(digest(password), digest(AUTHORGAN_API_KEY)) ? user : null
    }
}

module.exports = settings
