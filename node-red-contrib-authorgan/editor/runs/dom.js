/** Building elements in one expression. */

/**
 * element("button", { class: "…", title: "…", onclick: … }, child, "text", [more])
 * Properties that start with "on" are listeners, `data` is the dataset; null, undefined and false leave out.
 */
export const element = (tag, properties, ...children) => fill(document.createElement(tag), properties, children)

/** The same for a part of an SVG picture. */
export const graphic = (tag, properties, ...children) =>
    fill(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children)

function fill(made, properties = {}, children = []) {
    for (const [name, value] of Object.entries(properties)) {
        if (value === null || value === undefined || value === false) continue
        if (name.startsWith("on")) made.addEventListener(name.slice(2), value)
        else if (name === "data") Object.assign(made.dataset, value)
        else made.setAttribute(name, value === true ? "" : value)
    }
    made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false))
    return made
}

export const icon = (name) => element("i", { class: `fa fa-${name}`, "aria-hidden": "true" })

/** A button with an icon, whose title is also what a screen reader says. */
export const iconButton = (name, title, onclick, properties = {}) =>
    element(
        "button",
        {
            type: "button",
            class: "red-ui-button red-ui-button-small",
            title,
            "aria-label": title,
            onclick,
            ...properties
        },
        icon(name)
    )

/** A tag as it stands behind a run's name. */
export const tagMark = (tag) => element("span", { class: "authorgan-runs-tag" }, tag)

/** A small square in the colour of a line. */
export const colourMark = (colour) => element("i", { class: "authorgan-runs-mark", style: `background: ${colour}` })

/** The head of a page: back to where it was opened from, then what the page is about. */
export const pageHead = (title, back, ...children) =>
    element(
        "div",
        { class: "authorgan-runs-head" },
        iconButton("chevron-left", title, back, { class: "red-ui-button red-ui-button-small authorgan-runs-back" }),
        ...children
    )
