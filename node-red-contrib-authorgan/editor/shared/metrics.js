/** Which scores are wanted: a list of the catalogue's metrics to tick. */

const rows = () => $("#authorgan-metrics > li").toArray()
const box = (row) => $(row).find("input")
const nameOf = (metric) => metric.choice || metric

/** @param {(string|object)[]} metrics  names, or modules with parameters */
export function prepare(metrics) {
    const wanted = (metrics || []).map(nameOf)
    for (const row of rows()) box(row).prop("checked", wanted.includes(row.dataset.choice))
}

/**
 * The ticked ones: first those that were ticked before, as they stand, because one may have parameters, such as from an
 * imported spec; then the names of the others.
 */
export function read(metrics) {
    const ticked = rows()
        .filter((row) => box(row).prop("checked"))
        .map(({ dataset }) => dataset.choice)
    const kept = (metrics || []).filter((metric) => ticked.includes(nameOf(metric)))
    return [...kept, ...ticked.filter((name) => !kept.map(nameOf).includes(name))]
}
