/** Which scores are wanted: a list of the catalogue's metrics to tick. */

const rows = () => $("#authorgan-metrics > li").toArray()
const box = (row) => $(row).find("input")
const nameOf = (metric) => metric.choice || metric

/** @param {(string|object)[]} metrics  names, or modules with parameters */
export function prepare(metrics) {
    const wanted = (metrics || []).map(nameOf)
    for (const row of rows()) box(row).prop("checked", wanted.includes(row.dataset.choice))
}

/** The ticked ones as names; one that came with parameters, such as from an imported spec, keeps them. */
export function read(metrics) {
    const known = new Map((metrics || []).map((metric) => [nameOf(metric), metric]))
    const ticked = rows().filter((row) => box(row).prop("checked"))
    return ticked.map(({ dataset }) => known.get(dataset.choice) || dataset.choice)
}
