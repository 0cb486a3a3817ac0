/**
 * The helpers that templates may call, by name. Blocks decide what is rendered; value helpers make a value from values
 * and can be used inside one another's arguments.
 */
import { wholeAddress } from './addresses.ts';
import { formatDate, formatMoney, formatNumber, type Misfit } from './formats.ts';
import { formatPlural, writtenPlural } from './plurals.ts';
import type { Variables } from './values.ts';

/** What a use of a variable takes: anything but nothing, what can be printed, or what can be walked through. */
export type Wants = 'any' | 'text' | 'list';

export interface ValueHelper {
  /** One entry per argument; all are wanted. */
  readonly parameters: readonly Wants[];
  /** Whether the first argument may be missing, null or empty: that is what a default is for. */
  readonly forgives: boolean;
  /** Whether the row counts beside its arguments: its locale and time zone. Default: no. */
  readonly readsRow?: boolean;
  /** @returns the value, or a Misfit */
  readonly call: (first: unknown, second: unknown, row: Variables) => unknown;
  /** Makes the second argument of the named ones, which are texts. Default: the helper has none. */
  readonly named?: (texts: ReadonlyMap<string, string>, language: string) => string | Misfit;
}

export const VALUE_HELPERS: ReadonlyMap<string, ValueHelper> = new Map<string, ValueHelper>([
  [
    // {{default name "friend"}}: 0 and false are not empty.
    'default',
    {
      parameters: ['any', 'any'],
      forgives: true,
      call: (value, fallback) => (isNothing(value) ? fallback : value),
    },
  ],
  [
    // <a href="{{url page}}">
    'url',
    { parameters: ['text'], forgives: false, call: wholeAddress },
  ],
  [
    // <a href="https://example.com/?q={{encode query}}">
    'encode',
    { parameters: ['text'], forgives: false, call: (value) => encodeURIComponent(String(value)) },
  ],
  [
    // {{date due "long"}}
    'date',
    { parameters: ['text', 'text'], forgives: false, readsRow: true, call: formatDate },
  ],
  [
    // {{number litres}}
    'number',
    { parameters: ['text'], forgives: false, readsRow: true, call: (value, _none, row) => formatNumber(value, row) },
  ],
  [
    // {{money total "EUR"}}
    'money',
    { parameters: ['text', 'text'], forgives: false, readsRow: true, call: formatMoney },
  ],
  [
    // {{plural count one="# bottle" other="# bottles"}}
    'plural',
    { parameters: ['text'], forgives: false, readsRow: true, call: formatPlural, named: writtenPlural },
  ],
]);

/** `condition`: a bare variable may be missing, and then the block is not rendered; `each` wants its list. */
export const BLOCK_HELPERS: ReadonlyMap<string, 'condition' | 'each'> = new Map<string, 'condition' | 'each'>([
  ['if', 'condition'],
  ['unless', 'condition'],
  ['with', 'condition'],
  ['each', 'each'],
]);

/** `{{#if count includeZero=true}}` is Handlebars' own; no other block takes named arguments. */
export const NAMED_ARGUMENTS: ReadonlyMap<string, string> = new Map([
  ['if', 'includeZero'],
  ['unless', 'includeZero'],
]);

export function isHelper(name: string): boolean {
  return VALUE_HELPERS.has(name) || BLOCK_HELPERS.has(name);
}

/** Missing, null or the empty text. */
export function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}
