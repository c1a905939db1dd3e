/** What stands on a node. */

/** A module node is called by its name, else by what was chosen in it: "DCGAN generator". */
export const ofModule = (node) => node.name || node._(`choices.${node.choice}.title`)
