/** What is being done at the moment, on standard error: a line that overwrites itself on a terminal, lines elsewhere. */
export function tellProgress(words: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K  ${words}` : `  ${words}\n`);
}

export function endProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
}
