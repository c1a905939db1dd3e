/** Windows of the palette's own: jQuery UI's, as those of Node-RED itself. */
import { text } from "./texts.js"

/**
 * @param {object} options  title: what stands above; content: jQuery; width: pixels;
 *     buttons: [{ id, label, primary, click(close) }], besides the one that closes it
 */
export function open({ title, content, width, buttons = [] }) {
    const close = () => content.dialog("close")
    content.dialog({
        ...{ title, width: Math.min(width, $(window).width() - 40), modal: true, resizable: false },
        classes: { "ui-dialog": "red-ui-editor-dialog", "ui-dialog-titlebar-close": "hide" },
        buttons: [
            { id: "authorgan-dialog-cancel", text: text("dialog.close"), click: close },
            ...buttons.map(({ id, label, primary, click }) => ({
                ...{ id, text: label, class: primary ? "primary" : "", click: () => click(close) }
            }))
        ],
        close: () => {
            content.dialog("destroy").remove()
            RED.keyboard.enable()
        }
    })
    // Keys that are typed here are not meant for the drawing.
    RED.keyboard.disable()
}

/** A row of a form: label and control. */
export const row = (label, ...controls) =>
    $('<div class="form-row authorgan-dialog-row">').append($("<label>").text(label), ...controls)

/** A box to tick, with words beside it, and below them what it means. */
export const tick = (box, label, meaning = "") =>
    $('<div class="authorgan-dialog-tick">').append(
        $('<label class="authorgan-tick">').append(box, " ", $("<span>").text(label)),
        meaning && $('<div class="authorgan-meaning">').text(meaning)
    )

/** A list of problems { pointer?, message }, or nothing. */
export function problemList(problems) {
    const list = $('<ul class="authorgan-problems" role="alert">').toggle(problems.length > 0)
    for (const { pointer, message } of problems) {
        const item = $("<li>").text(message).appendTo(list)
        if (pointer) $("<code>").text(pointer).prependTo(item)
    }
    return list
}
