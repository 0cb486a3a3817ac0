/** The fields that a campaign adds to those which the composer writes. */
import { HeaderError } from './errors.ts';
import { MAX_LINE_OCTETS } from './folding.ts';
import { checkFieldName, structuredField, unstructuredField } from './header.ts';

/** Written at most once, like every `List-…`: RFC 5322 §3.6, RFC 2369, RFC 2919. */
const ONCE = new Set(['cc', 'in-reply-to', 'references', 'auto-submitted', 'feedback-id', 'precedence']);
/** Fields with a syntax of their own, in which an encoded-word would be read as it stands (RFC 2047 §5). */
const STRUCTURED = new Set([...ONCE, 'errors-to', 'disposition-notification-to', 'return-receipt-to']);
/** Fields that the composer writes, and those that are not a sender's to write. */
const RESERVED = new Set([
  'date',
  'from',
  'sender',
  'reply-to',
  'to',
  'subject',
  'message-id',
  'mime-version',
  'bcc',
  'return-path',
  'received',
  'dkim-signature',
]);

/**
 * The fields that a campaign adds, through the same gate, in the order given.
 * @param before fields that are written already
 * @throws HeaderError for a field that the composer writes itself, or that is not a sender's to write
 */
export function customFields(headers: readonly (readonly [name: string, value: string])[], before = ''): string {
  const written = new Set([...before.matchAll(/^([^\s:]+):/gm)].map(([, name = '']) => name.toLowerCase()));
  let fields = '';
  for (const [name, value] of headers) {
    checkFieldName(name);
    const key = name.toLowerCase();
    if (RESERVED.has(key) || key.startsWith('content-') || key.startsWith('resent-')) {
      throw new HeaderError(name, 'found a field that is not to be given here, another name is wanted');
    }
    const isList = key.startsWith('list-');
    if ((isList || ONCE.has(key)) && written.has(key)) {
      throw new HeaderError(name, 'found this field twice, once is wanted');
    }
    written.add(key);
    const isStructured = isList || STRUCTURED.has(key);
    fields += isStructured ? structuredField(name, value) : unstructuredField(name, value, MAX_LINE_OCTETS);
  }
  return fields;
}
