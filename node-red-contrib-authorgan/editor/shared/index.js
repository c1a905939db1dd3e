/** What all nodes of the palette share in the editor. Bundled into plugins/authorgan-editor.html as `AuthorGAN`. */
import * as answers from "./answers.js"
import * as badges from "./badges.js"
import * as canvas from "./canvas.js"
import * as drop from "./drop.js"
import * as menu from "./menu.js"
import * as palette from "./palette.js"
import * as upToDate from "./up-to-date.js"

export * as exportSpec from "./export-spec.js"
export * as form from "./form.js"
export * as labels from "./labels.js"
export * as layerChoice from "./layer-choice.js"
export * as metrics from "./metrics.js"
export * as reasons from "./reasons.js"
export * as runOf from "./run-of.js"
export * as services from "./services.js"
export * as sweep from "./sweep.js"
export * as trainingChoice from "./training-choice.js"

upToDate.start()
answers.start()
badges.start()
canvas.start()
palette.start()
menu.start()
drop.start()
