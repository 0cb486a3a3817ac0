/** Tabs by the book: arrow keys move between them, and only the chosen one is in the Tab key's way. */
import { element } from './elements.js';

/**
 * @param {{ key: string, label: string, count?: number, panel: () => Node }[]} tabs panels are made when first shown
 * @param {string} chosen the key of the tab to begin with; the first one where there is no such tab
 * @param {(key: string) => void} onChoose
 */
export function tabbed(tabs, chosen, onChoose) {
  const list = element('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Views of the message' });
  const panels = element('div', { class: 'panels' });
  const buttons = tabs.map((tab, place) => {
    const button = element(
      'button',
      {
        id: `tab-${tab.key}`,
        type: 'button',
        role: 'tab',
        'aria-controls': `panel-${tab.key}`,
        onclick: () => choose(place),
      },
      document.createTextNode(tab.label),
      tab.count ? element('span', { class: 'count', text: tab.count }) : null,
    );
    panels.append(
      element('div', {
        id: `panel-${tab.key}`,
        class: 'panel',
        role: 'tabpanel',
        'aria-labelledby': button.id,
        hidden: true,
      }),
    );
    return button;
  });
  const choose = (place) => {
    buttons.forEach((button, index) => {
      button.setAttribute('aria-selected', String(index === place));
      button.tabIndex = index === place ? 0 : -1;
      panels.children[index].hidden = index !== place;
    });
    if (!panels.children[place].hasChildNodes()) panels.children[place].append(tabs[place].panel());
    onChoose(tabs[place].key);
  };
  list.append(...buttons);
  list.addEventListener('keydown', (event) => {
    const here = buttons.indexOf(document.activeElement);
    const places = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: buttons.length - 1 };
    if (!(event.key in places)) return;
    const place = (places[event.key] + buttons.length) % buttons.length;
    choose(place);
    buttons[place].focus();
    event.preventDefault();
  });
  choose(
    Math.max(
      0,
      tabs.findIndex(({ key }) => key === chosen),
    ),
  );
  return element('div', { class: 'tabbed' }, list, panels);
}
