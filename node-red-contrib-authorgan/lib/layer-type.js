/** The node type of a layer: "GlobalMaxPooling2D" -> "authorgan-layer-global-max-pooling2d". "2D" and "LU" are no words. */
const nodeType = (layer) => `authorgan-layer-${layer.replace(/(?<=[a-z]|\dD)(?=[A-Z][a-z])/g, "-").toLowerCase()}`

module.exports = { nodeType }
