/** Secrets in a folder: the contract, and what a file can be that holds none. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openSecretFolder } from '#local';
import { describeCredentialStore } from '../ports/credential-store.contract.ts';

const newFolder = () => mkdtempSync(join(tmpdir(), 'cartero-secrets-'));
const never = new AbortController().signal;

function lay(folder: string, file: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), content, { mode: 0o600 });
}

for (const [kind, ending] of [
  ['JSON files', '.json'],
  ['files without an ending', ''],
]) {
  describeCredentialStore(`a secret folder of ${kind}`, async () => {
    const folder = newFolder();
    return {
      store: openSecretFolder(folder),
      put: async (name, value) => lay(folder, `${name}${ending}`, value),
      remove: async () => rmSync(folder, { recursive: true }),
    };
  });
}

test.each([
  ['../outside', 'its name has ".." as a segment'],
  ['/etc/passwd', 'its name has an empty segment'],
  ['a\u0000b', 'its name has a control character'],
  ['a', 'there is no file "a.json"'],
])('no file is read by the name %j', async (name, problem) => {
  const folder = newFolder();
  onTestFinished(() => rmSync(folder, { recursive: true }));
  lay(folder, 'secrets/a/b.json', 'inside');
  lay(folder, 'outside.json', 'outside');
  await expect(openSecretFolder(join(folder, 'secrets')).read(name, never)).rejects.toThrow(problem);
});
