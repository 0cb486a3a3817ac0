/** A message to change one thing of, and its octets as text. */
import { parseNamedMailbox } from '#address';
import { composeMessage, type Message } from '#mime';

export const PLAIN: Message = {
  date: Date.UTC(2026, 11, 7, 9, 0, 0),
  messageId: '1@example.com',
  from: parseNamedMailbox('news@example.com'),
  to: parseNamedMailbox('person@example.org'),
  subject: 'Subject',
  text: 'Text\n',
};

/** All octets, each as the character of its code. */
export function composed(change: Partial<Message>): string {
  return Buffer.concat(composeMessage({ ...PLAIN, ...change }).pieces).toString('latin1');
}

/** A field as it stands in the header, folds and all, without its last CRLF; `null` where there is none. */
export function fieldOf(message: string, name: string): string | null {
  const header = message.slice(0, message.indexOf('\r\n\r\n') + 2);
  const fields = header.match(/^[^\s:]+:.*\r\n(?:[ \t].*\r\n)*/gm) ?? [];
  const found = fields.filter((field) => field.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  if (found.length > 1) throw new Error(`${found.length} fields ${name}`);
  return found[0]?.slice(0, -2) ?? null;
}

/** The names of the header's fields, in order. */
export function fieldNames(message: string): string[] {
  const header = message.slice(0, message.indexOf('\r\n\r\n') + 2);
  return [...header.matchAll(/^([^\s:]+):/gm)].map(([, name = '']) => name);
}
