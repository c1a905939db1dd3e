/**
 * Help pages are Markdown, and Node-RED's own lists of message properties are not quite: they allow no line breaks and
 * no colons. So ": name (type) : meaning" lists become the <dl class="message-properties"> that they stand for here,
 * and "1. Name" lines with such lists below them the <ol class="node-ports">.
 */
export function helpPage(markdown) {
    const lines = joinContinued(markdown.split("\n"))
    const page = []
    for (let at = 0; at < lines.length; ) {
        const ports = takePorts(lines, at)
        const list = takeList(lines, at)
        if (ports.html) page.push(ports.html)
        else if (list.html) page.push(list.html)
        else page.push(lines[at])
        at = Math.max(at + 1, ports.end, list.end)
    }
    return page.join("\n")
}

const ITEM = /^: (.+?)(?: \(([^)]+)\))? : (.+)$/
const PORT = /^\d+\. (.+)$/

/** Puts the indented lines below an item back onto it. */
function joinContinued(lines) {
    const joined = []
    for (const line of lines) {
        if (/^ {2}\S/.test(line) && joined.at(-1)?.startsWith(": ")) joined[joined.length - 1] += ` ${line.trim()}`
        else joined.push(line)
    }
    return joined
}

function takeList(lines, start) {
    const items = []
    let end = start
    for (; end < lines.length; end += 1) {
        const [, name, type, meaning] = ITEM.exec(lines[end]) || []
        if (!name) break
        const kind = type ? ` <span class="property-type">${inline(type)}</span>` : ""
        items.push(`<dt>${inline(name)}${kind}</dt>\n<dd>${inline(meaning)}</dd>`)
    }
    return { end, html: items.length > 0 ? `<dl class="message-properties">\n${items.join("\n")}\n</dl>` : "" }
}

function takePorts(lines, start) {
    const ports = []
    let end = start
    while (end + 1 < lines.length) {
        const [, name] = PORT.exec(lines[end]) || []
        const list = name ? takeList(lines, end + 1) : { html: "" }
        if (!list.html) break
        ports.push(`<li>${inline(name)}\n${list.html}\n</li>`)
        end = list.end
        if (lines[end] === "" && PORT.test(lines[end + 1] || "")) end += 1
    }
    return { end, html: ports.length > 0 ? `<ol class="node-ports">\n${ports.join("\n")}\n</ol>` : "" }
}

/** The Markdown that may stand inside a line, which Markdown itself leaves alone inside HTML. */
const inline = (text) =>
    text
        .replace(/&/g, "&amp;")
        .replace(/</g, "&lt;")
        .replace(/`([^`]+)`/g, "<code>$1</code>")
        .replace(/\*\*([^*]+)\*\*/g, "<b>$1</b>")
        .replace(/\*([^*]+)\*/g, "<i>$1</i>")
