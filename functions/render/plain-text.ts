/** HTML as a reader without HTML sees it. Only campaigns whose author wrote no text load this: it takes a while. */
import { compile, type FormatCallback } from 'html-to-text';

/** What an image says; one without words is there for the eyes. Its address is often a part of the mail, and no link. */
const words: FormatCallback = (image, _walk, builder) => {
  const alt = image.attribs.alt ?? '';
  if (alt.trim() !== '') builder.addInline(alt);
};

/** A cell of a table, apart from the next one. */
const cell: FormatCallback = (element, walk, builder) => {
  builder.addInline(' ');
  walk(element.children, builder);
  builder.addInline(' ');
};

const HIDDEN = ['[hidden]', '[style*="display:none"i]', '[style*="display: none"i]'];

/**
 * Paragraphs are not wrapped, since a phone does that better. A link stands behind its words in angle brackets (RFC 3986,
 * appendix C), rows of a table on lines of their own. What is hidden from all eyes, as preheaders are, is left out.
 */
const convert = compile({
  wordwrap: false,
  // Not the zero-width space, which HTML no longer takes for one.
  whitespaceCharacters: ' \t\r\n\f',
  baseElements: { selectors: [] },
  formatters: { words, cell },
  selectors: [
    { selector: 'a', options: { linkBrackets: ['<', '>'], hideLinkHrefIfSameAsText: true } },
    { selector: 'img', format: 'words' },
    { selector: 'tr', format: 'block', options: { leadingLineBreaks: 1, trailingLineBreaks: 1 } },
    { selector: 'td', format: 'cell' },
    { selector: 'th', format: 'cell' },
    { selector: 'ul', options: { itemPrefix: '- ' } },
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
    ...['head', 'title', 'style', 'script', 'template', ...HIDDEN].map((selector) => ({ selector, format: 'skip' })),
  ],
});

/** @returns lines without white space at their ends, at most two empty ones in a row; the empty text where nothing is to be read */
export function plainText(html: string): string {
  const text = convert(html)
    .replace(/ +(?=\n|$)/g, '')
    .replace(/\n{4,}/g, '\n\n\n')
    .replace(/^\n+|\n+$/g, '');
  return text === '' ? '' : `${text}\n`;
}
