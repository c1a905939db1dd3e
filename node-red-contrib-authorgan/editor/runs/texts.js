/** Texts of the sidebar, from its locale, and numbers as a reader takes them in at a glance. */
const NAMESPACE = "@authorgan/node-red-contrib-authorgan/authorgan-sidebar"

export const text = (key, values) => RED._(`${NAMESPACE}:${key}`, values)

/** 3725 -> "1 h 2 min"; 42.3 -> "42 s". */
export function duration(seconds) {
    if (!Number.isFinite(seconds)) return ""
    const whole = Math.max(0, Math.round(seconds))
    if (whole < 60) return `${whole} s`
    const minutes = Math.floor(whole / 60)
    if (minutes < 60) return `${minutes} min${minutes < 10 && whole % 60 ? ` ${whole % 60} s` : ""}`
    const hours = Math.floor(minutes / 60)
    return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} d`
}

/** Four significant digits, without the noise of more. */
export function number(value) {
    if (value === null || value === undefined) return "–"
    if (typeof value !== "number") return typeof value === "string" ? value : JSON.stringify(value)
    if (Number.isInteger(value)) return value.toLocaleString("en")
    return Math.abs(value) >= 1e4 || Math.abs(value) < 1e-3 ? value.toExponential(2) : `${Number(value.toPrecision(4))}`
}

/** "2 min ago", by the clock of this machine. */
export function ago(time) {
    if (!time) return ""
    const seconds = (Date.now() - Date.parse(time)) / 1000
    return seconds < 5 ? text("now") : text("ago", { duration: duration(seconds) })
}

/** "/optimizer/generator/learning_rate" -> "generator learning_rate": what a column has room for. */
export function shortened(pointer) {
    const [module, network, key] = pointer.split("/").slice(1)
    // A network has a choice of its own; this one is its optimizer's.
    if (module === "optimizer" && key === "choice") return `${network} optimizer`
    return pointer.split("/").slice(-2).join(" ").trim()
}
