import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LinkKeysError, openLinkKeys, openState, readLinkKeys } from '#local';
import type { LinkKey } from '#mailing';
import { temporaryFolder } from '../cli/cartero.ts';

const NOW = Date.parse('2026-12-01T09:00:00Z');

const shown = (keys: readonly LinkKey[]) => keys.map((key) => ({ ...key, secret: key.secret.export() }));

describe("a state's keys of links", () => {
  it('are none before a run needs one', () => {
    expect(readLinkKeys(temporaryFolder())).toEqual([]);
    expect(readLinkKeys(join(temporaryFolder(), 'nowhere'))).toEqual([]);
  });

  it('begin with one of 256 bits, which nobody else can read, and which stays', () => {
    const folder = temporaryFolder();
    const [first, ...others] = openLinkKeys(folder, NOW);
    expect(others).toEqual([]);
    expect(first?.id).toMatch(/^[A-Za-z0-9_-]{8}$/);
    expect(first?.since).toBe(NOW);
    expect(first?.secret.export()).toHaveLength(32);
    expect(shown(openLinkKeys(folder, NOW + 1))).toEqual(shown(first === undefined ? [] : [first]));
    expect(readdirSync(folder)).toEqual(['link-keys.json']);
    expect(statSync(join(folder, 'link-keys.json')).mode & 0o777).toBe(0o600);
    expect(openLinkKeys(temporaryFolder(), NOW)[0]?.id).not.toBe(first?.id);
  });

  it('are part of a state, and may be added to by hand', () => {
    const folder = temporaryFolder();
    const [first] = openLinkKeys(folder, NOW);
    openState(folder).close();
    const file = join(folder, 'link-keys.json');
    const json = JSON.parse(readFileSync(file, 'utf8'));
    json.keys.push({ id: 'next', since: '2027-01-01T00:00:00Z', secret: Buffer.alloc(32, 7).toString('base64url') });
    writeFileSync(file, JSON.stringify(json));
    expect(shown(readLinkKeys(folder))).toEqual([
      ...shown(first === undefined ? [] : [first]),
      { id: 'next', since: Date.parse('2027-01-01T00:00:00Z'), secret: Buffer.alloc(32, 7) },
    ]);
  });

  it.each([
    ['', 'it is not JSON'],
    ['[]', 'it has no keys'],
    ['null', 'it has no keys'],
    ['{"keys":[]}', 'it has no keys'],
    ['{"keys":[null]}', 'keys.0.id is not made of'],
    ['{"keys":[{"id":"a.b"}]}', 'keys.0.id is not made of'],
    ['{"keys":[{"id":"a","secret":""}]}', 'keys.0.since is no moment'],
    ['{"keys":[{"id":"a","since":"2026-12-01T09:00Z","secret":"c2hvcnQ"}]}', 'keys.0.secret has 5 octets, 32'],
  ])('are refused and left as they are in a file %j', (text, problem) => {
    const folder = temporaryFolder();
    const file = join(folder, 'link-keys.json');
    writeFileSync(file, text);
    expect(() => openLinkKeys(folder, NOW)).toThrow(LinkKeysError);
    expect(() => readLinkKeys(folder)).toThrow(problem);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });
});
