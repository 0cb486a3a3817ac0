/** A text as one word of a command that is shown to be copied: an address may hold a backtick, or a quote. */
export function shellWord(text: string): string {
  return /^[\w@./][\w@+:,./-]*$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
