import { describe, expect, test } from 'vitest';
import { parseMailbox } from '#address';
import { type SuppressionList, suppressionKey, suppressionKeyOf } from '#mailing';
import { SuppressionGate } from '../../functions/mailing/suppression.ts';

describe('suppressionKey', () => {
  test.each([
    ['Ana@Example.COM', 'ana@example.com'],
    ['"ana"@example.com', 'ana@example.com'],
    ['"Ana B"@example.com', 'ana b@example.com'],
    ['"a\\"b"@example.com', 'ab@example.com'],
    ['ZOË@example.com', 'zoë@example.com'],
    ['ana@BÜCHER.example', 'ana@xn--bcher-kva.example'],
    ["o'hara+news@example.com", "o'hara+news@example.com"],
  ])('%s is %s, before and after it was planned', (written, key) => {
    const mailbox = parseMailbox(written);
    expect(suppressionKey(mailbox)).toBe(key);
    expect(suppressionKeyOf(mailbox.address)).toBe(key);
  });
});

describe('SuppressionGate', () => {
  test('asks once for all who come in one turn, and anew for whoever comes later', async () => {
    const asked: (readonly string[])[] = [];
    const shut = new Set(['ben@example.com']);
    const list: SuppressionList = {
      add: async () => 0,
      remove: async () => 0,
      among: async (keys) => {
        asked.push(keys);
        return new Set(keys.filter((key) => shut.has(key)));
      },
      find: async () => null,
      list: async function* () {},
    };
    const gate = new SuppressionGate(list);
    const committed = Promise.resolve();
    const each = async (person: string) => {
      await committed;
      return gate.isShut(person);
    };
    const answers = await Promise.all(['ana@example.com', 'Ben@example.com', 'cleo@example.com'].map(each));
    expect(answers).toEqual([false, true, false]);
    expect(asked).toEqual([['ana@example.com', 'ben@example.com', 'cleo@example.com']]);
    shut.add('ana@example.com');
    expect(await gate.isShut('ana@example.com')).toBe(true);
    expect(asked).toHaveLength(2);
  });
});
