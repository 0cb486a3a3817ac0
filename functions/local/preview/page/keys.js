/** What keys do wherever nobody is writing. */

/** @param {Record<string, () => void>} actions by key @returns a listener */
export function keyListener(actions) {
  return (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) {
      if (event.key === 'Escape') event.target.blur();
      return;
    }
    const action = Object.hasOwn(actions, event.key) ? actions[event.key] : undefined;
    if (action === undefined) return;
    // The key itself must not be written into what gets the focus.
    event.preventDefault();
    action();
  };
}
