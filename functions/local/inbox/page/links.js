/** Where the HTML's links lead. In the frame they lead nowhere; here each can be read first, and then followed. */
import { element } from './elements.js';

const FOLLOWED = /^(https?|mailto|tel):/i;

/** Parsed in a document of its own that runs nothing and loads nothing. */
async function linksOf(id) {
  const answer = await fetch(`/messages/${id}/html`);
  const html = new DOMParser().parseFromString(await answer.text(), 'text/html');
  return [...html.querySelectorAll('a[href], area[href]')].map((link) => ({
    text: link.textContent.trim() || link.querySelector('img[alt]')?.alt || link.getAttribute('alt') || '(no text)',
    target: link.getAttribute('href').trim(),
  }));
}

export function linksPanel({ id }) {
  const list = element('ul', { class: 'links' });
  const panel = element('div', { class: 'scroll', tabindex: 0 }, list);
  linksOf(id).then(
    (links) => {
      if (links.length === 0)
        panel.replaceChildren(element('p', { class: 'hint none', text: 'The HTML has no links.' }));
      list.append(...links.map(linkRow));
    },
    () => panel.replaceChildren(element('p', { class: 'hint none', text: 'The HTML cannot be read.' })),
  );
  return panel;
}

function linkRow({ text, target }) {
  const followed = FOLLOWED.test(target);
  return element(
    'li',
    {},
    element('span', { text }),
    followed
      ? element('a', { href: target, target: '_blank', rel: 'noopener noreferrer', text: target })
      : element('code', { text: target }),
  );
}
