/** Where the service listens: what a service node says, else AUTHORGAN_URL, else this machine. Of the runtime. */

const STANDARD = "http://127.0.0.1:5050"

/** The address of a service node that names none. The supervisor sets the variable for the Node-RED that it starts. */
const defaultAddress = () => process.env.AUTHORGAN_URL || STANDARD

/** The address of a service node whose own is `url`, which may be empty. */
const addressOf = (url) => url || defaultAddress()

module.exports = { addressOf, defaultAddress }
