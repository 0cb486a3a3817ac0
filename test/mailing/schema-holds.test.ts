/** The quick look at a JSON file says yes where a whole validator does, and the published schemas have no word it does not know. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCertainlyAs } from '../../functions/mailing/schema-holds.ts';

const readJson = (name: string) => JSON.parse(readFileSync(join(import.meta.dirname, '../..', name), 'utf8'));

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Every value that a schema shows as an example, and the constants in it: what is near to right. */
function shownIn(schema: unknown): Json[] {
  if (Array.isArray(schema)) return schema.flatMap(shownIn);
  if (typeof schema !== 'object' || schema === null) return [schema as Json];
  return Object.entries(schema).flatMap(([key, value]) => [
    key,
    ...shownIn(value),
    ...(key === 'examples' ? value : []),
  ]);
}

/** One value in the place of another, somewhere in a document; or one more key, or one less. */
function changed(json: Json, path: readonly number[], value: Json | undefined): Json | undefined {
  const [step, ...rest] = path;
  if (step === undefined || typeof json !== 'object' || json === null) return value;
  const entries = Object.entries(json);
  const at = step % (entries.length + 1);
  const key = entries[at]?.[0] ?? (typeof value === 'string' ? value : String(step));
  const inner = changed(entries[at]?.[1] ?? null, rest, value);
  const others = entries.filter(([each]) => each !== key);
  const made: [string, Json][] = inner === undefined ? others : [...others, [key, inner]];
  return Array.isArray(json) ? made.map(([, each]) => each) : Object.fromEntries(made);
}

const DOCUMENTS: readonly (readonly [schema: string, document: Json])[] = [
  [
    'templates/campaign.schema.json',
    {
      from: 'News <news@example.com>',
      headers: { 'X-Campaign': 'harvest' },
      select: { birthday: 'birthday', where: { locale: 'es', age: 30, member: true } },
      schedule: { cron: '0 9 ? * MON *', timezone: 'America/Mexico_City', window: { from: '08:00', to: '20:00' } },
      attachments: [
        { object: 'a.pdf' },
        { object: 'invoices/{{invoice}}.pdf', name: 'i.pdf', type: 'application/pdf' },
      ],
      inline: [{ object: 'logo.png', cid: 'logo' }],
      list: { id: 'News <news.example.com>', unsubscribe: 'https://example.com/unsubscribe' },
      pace: { messagesPerSecond: 50, connections: 4 },
      canary: { recipients: 100, refused: '5%' },
      onUncertain: 'hold',
      expiresAfter: 'PT48H',
    },
  ],
  [
    'infra/relays.schema.json',
    {
      relays: {
        default: { host: 'smtp.example.com', port: 465, security: 'implicit-tls', secret: 'cartero/smtp' },
        other: {
          host: '192.0.2.25',
          port: 587,
          security: 'starttls',
          pace: { messagesPerSecond: 2.5 },
          warmUp: { from: '2026-12-01', perDay: [50] },
        },
      },
    },
  ],
];

describe.each(DOCUMENTS)('a document of %s', (name, document) => {
  const schema = readJson(name);
  const validate = new Ajv({ allowUnionTypes: true }).compile(schema);
  const wild = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;
  const value = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...shownIn(schema), '', '😀'.repeat(300), 0, -1, 1.5, 1e9, [], {}) },
    { weight: 1, arbitrary: wild },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
  const change = fc.tuple(fc.array(fc.nat(12), { maxLength: 4 }), value);

  it('is right to begin with', () => {
    expect(validate(document)).toBe(true);
    expect(isCertainlyAs(document, schema)).toBe(true);
  });

  it('is right for one when it is right for the other', () => {
    const seen = { right: 0, wrong: 0 };
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const made = changes.reduce<Json>((json, [path, each]) => changed(json, path, each) ?? null, document);
        const isRight = validate(made);
        seen[isRight ? 'right' : 'wrong'] += 1;
        expect(isCertainlyAs(made, schema)).toBe(isRight);
      }),
      { numRuns: 3000 },
    );
    expect(seen.right).toBeGreaterThan(50);
    expect(seen.wrong).toBeGreaterThan(50);
  });
});

describe('a schema with a word, or a form of one, that is not known here', () => {
  it.each([
    { not: {} },
    { format: 'email' },
    { items: [{}] },
    { enum: [1] },
    { dependencies: { a: {} } },
    { $ref: 'https://example.com/other.json' },
    { $ref: '#/definitions/missing' },
    { properties: { a: { const: 1 } } },
    { anyOf: [{ allOf: [] }] },
    { additionalProperties: { if: {} } },
    { definitions: { unused: { contains: {} } } },
  ])('is left to the validator: %j', (schema) => {
    expect(isCertainlyAs({}, schema)).toBe(false);
  });
});
