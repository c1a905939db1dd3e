/** Whether the editor is dark, for pictures that the service draws. */
export function isDark() {
    const [red, green, blue] = getComputedStyle(document.querySelector(".authorgan-runs"))
        .color.match(/[\d.]+/g)
        .map(Number)
    // Light letters stand on dark paper (luma of Rec. 709).
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 128
}
