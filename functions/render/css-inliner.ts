/** The cascade, by juice's client: nothing is loaded from anywhere. */
import juice from 'juice/client';

// A template's own signs are none here: what is inlined on has no variables left.
for (const name of Object.keys(juice.codeBlocks)) delete juice.codeBlocks[name];

const OPTIONS = {
  applyAttributesTableElements: false,
  applyHeightAttributes: false,
  applyWidthAttributes: false,
  inlinePseudoElements: false,
  resolveCSSVariables: false,
};

/** Puts the declarations of a style sheet on the elements of an HTML. */
export function inlineCss(html: string, css: string): string {
  return juice.inlineContent(html, css, OPTIONS);
}
