/** Elements and the few formats the page shares. Text is only ever set as text. */

/**
 * @param {string} tag
 * @param {Record<string, unknown>} properties `class`, `text`, `onclick` …; any other is an attribute, left out when null or false
 * @param {...(Node | null)} children
 */
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'text') node.textContent = String(value);
    else if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** 1234567 → `1.2 MB` */
export function size(octets) {
  if (octets < 1_000) return `${octets} B`;
  const [value, unit] = octets < 999_500 ? [octets / 1_000, 'kB'] : [octets / 1_000_000, 'MB'];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** The time alone for today, the day alone for other days. */
export function shortTime(at) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  return today
    ? date.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
    : date.toLocaleDateString(undefined, { day: 'numeric', month: 'short' });
}

export function time(at, text) {
  return element('time', { datetime: new Date(at).toISOString(), title: new Date(at).toLocaleString(), text });
}

/** `José <jose@example.com>` → `José`; an address alone stays. */
export function displayName(from) {
  const name = /^\s*"?([^"<]+?)"?\s*<[^<>]*>\s*$/.exec(from);
  return name ? name[1] : from.replace(/^<|>$/g, '');
}

export function counted(number, thing) {
  return `${number.toLocaleString()} ${thing}${number === 1 ? '' : 's'}`;
}
