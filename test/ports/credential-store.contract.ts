/** What every store of secrets does, whatever it is made of. */
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CredentialStore, CredentialsError } from '#mailing';

export interface CredentialStoreFixture {
  readonly store: CredentialStore;
  /** As the operator lays it down, or changes it. */
  put(name: string, value: string | Uint8Array): Promise<void>;
  remove(): Promise<void>;
}

/** In no text but the secrets of these tests. */
export const CANARY = 'S3cr3t-CANARY';

/** Everything that can be shown of a value. */
export function shownOf(value: unknown): string {
  const { stack = '', message = '' } = Object(value) as { stack?: string; message?: string };
  const shown = inspect(value, { depth: null, showHidden: true, getters: true });
  return [shown, JSON.stringify(value), String(value), stack, message].join('\n');
}

export function describeCredentialStore(name: string, newStore: () => Promise<CredentialStoreFixture>): void {
  describe(`${name} keeps the contract of CredentialStore`, () => {
    let fixture: CredentialStoreFixture;
    const never = new AbortController().signal;
    const read = (secret: string) => fixture.store.read(secret, never);
    beforeEach(async () => {
      fixture = await newStore();
    });
    afterEach(() => fixture.remove());

    test.each(['smtp', 'cartero/smtp', 'a/b/c+d=e.f@g-h_i'])(
      'reads the secret %j as it was laid down',
      async (secret) => {
        const text = '{ "user": "ñ \u{1f4e7}",\n "password": "\\u2028 \\" }';
        await fixture.put(secret, text);
        const found = await read(secret);
        expect(found.reveal()).toBe(text);
        expect(found.name).toBe(secret);
      },
    );

    test('remembers nothing: what was changed is read', async () => {
      await fixture.put('smtp', 'old');
      const old = await read('smtp');
      await fixture.put('smtp', 'new');
      const changed = await read('smtp');
      expect(changed.reveal()).toBe('new');
      expect(changed.equals(old)).toBe(false);
      expect(changed.equals(await read('smtp'))).toBe(true);
    });

    test('says for good that there is none', async () => {
      await expect(read('nothing')).rejects.toThrow('Cannot use the secret "nothing": there is no');
      const error = await read('nothing').catch((found: unknown) => found);
      expect(error).toBeInstanceOf(CredentialsError);
      expect(error).toMatchObject({ code: 'ERR_CREDENTIALS', secret: 'nothing', temporary: false });
    });

    test('says for good that one is binary, and shows nothing of it', async () => {
      await fixture.put('key', Buffer.concat([Buffer.from(CANARY), Buffer.from([0xff, 0xfe, 0x00])]));
      const error = await read('key').catch((found: unknown) => found);
      expect(error).toMatchObject({ code: 'ERR_CREDENTIALS', temporary: false });
      expect(String(error)).toContain('it is binary');
      expect(shownOf(error)).not.toContain(CANARY);
    });

    test('hands out what shows nothing of itself', async () => {
      await fixture.put('smtp', CANARY);
      const secret = await read('smtp');
      expect(shownOf(secret)).not.toContain(CANARY);
      expect(shownOf({ secret })).toContain('smtp');
    });
  });
}
