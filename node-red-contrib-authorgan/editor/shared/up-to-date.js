/** Brings what earlier palettes saved up to date, as it is loaded or imported. */
import migrations from "../../lib/migrations/index.js"

/** Before anything else looks at the node; it counts as unchanged, because the runtime reads it the same way. */
export const start = () => RED.events.on("nodes:add", migrations.upToDate)
