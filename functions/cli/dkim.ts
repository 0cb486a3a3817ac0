import { generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { DkimKeyError, type DkimRecord, dkimDomain, dkimRecord, dkimSelector } from '#mime';
import { type Command, InputError, type Shell, UsageError } from './command.ts';

const KINDS = ['rsa', 'ed25519'] as const;
/** What every receiver takes, and no DNS record is too long for. */
const RSA_BITS = 2048;

interface NewKey extends DkimRecord {
  readonly domain: string;
  readonly selector: string;
  readonly file: string;
  /** PKCS#8. */
  readonly pem: string;
}

export const dkim: Command = {
  name: 'dkim',
  summary: 'Make the keys that sign your mails (DKIM), and show what to publish in DNS.',
  usage: ['dkim new <domain> <selector> [--dir DIR] [--json]'],
  details: `
Makes a key for RSA (2048 bits) and one for Ed25519, of the selectors <selector>-rsa and <selector>-ed25519: not every
receiver knows Ed25519, so both sign. Keys go into files that only you can read; none is written over. Printed are the TXT
records to publish, and the lines of the relay in infra/relays.json. Publish first, then sign. A selector that is not used
yet (a year, a quarter) lets you change keys while mails of the old ones are on their way.
--json: {"domain","keys":[{"selector","algorithm","file","name","value","strings"}],"relay":{"dkim":[…]}}`,
  options: {
    dir: { type: 'string', value: 'DIR', description: 'where the keys go (default infra/dkim, which git ignores)' },
    json: { type: 'boolean', description: 'one JSON object' },
  },
  examples: [
    ['dkim new example.com s2026', 'keys under infra/dkim, records for example.com'],
    ['dkim new example.com s2026 --dir keys --json', 'keys elsewhere, records for machines'],
  ],
  async run(words, shell) {
    const [action, domain = '', selector = ''] = words.positional(['new', 'domain', 'selector']);
    if (action !== 'new') throw new UsageError(`${JSON.stringify(action)} is unknown, wanted new`);
    const folder = resolve(shell.cwd, words.text('dir') ?? join('infra', 'dkim'));
    const keys = KINDS.map((kind) => newKey(kind, named(domain, selector), folder));
    await keep(keys, folder);
    shell.out(words.flag('json') ? `${JSON.stringify(report(keys, shell))}\n` : told(keys, shell));
    return 0;
  },
};

function named(domain: string, selector: string): { domain: string; selector: string } {
  try {
    return { domain: dkimDomain(domain), selector: dkimSelector(selector) };
  } catch (error) {
    if (error instanceof DkimKeyError) throw new UsageError(`<${error.field}>: ${error.problem}`);
    throw error;
  }
}

function newKey(kind: 'rsa' | 'ed25519', words: { domain: string; selector: string }, folder: string): NewKey {
  const names = named(words.domain, `${words.selector}-${kind}`);
  const { privateKey } =
    kind === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: RSA_BITS }) : generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const file = join(folder, `${names.domain}.${names.selector}.pem`);
  return { ...names, ...dkimRecord(names, pem), file, pem };
}

/** Both or none: a key that is there may be published already. */
async function keep(keys: readonly NewKey[], folder: string): Promise<void> {
  const there = keys.find(({ file }) => existsSync(file));
  if (there !== undefined)
    throw new InputError(`${there.file} is there already, and keys are not written over; choose another selector`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const { file, pem } of keys) await writeFile(file, pem, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InputError(`${folder}: the keys cannot be written (${code})`, { cause: error });
  }
}

/** Of the relay in infra/relays.json, from which its paths lead. */
function relayLines(keys: readonly NewKey[], { cwd }: Shell): { dkim: object[] } {
  const from = join(cwd, 'infra');
  return { dkim: keys.map(({ domain, selector, file }) => ({ domain, selector, key: relative(from, file) })) };
}

function report(keys: readonly NewKey[], shell: Shell): object {
  return {
    domain: keys[0]?.domain,
    keys: keys.map(({ selector, file, name, value, strings }, index) => ({
      selector,
      algorithm: `${KINDS[index]}-sha256`,
      file,
      name,
      value,
      strings,
    })),
    relay: relayLines(keys, shell),
  };
}

function told(keys: readonly NewKey[], shell: Shell): string {
  const files = keys.map(({ file }) => `  ${relative(shell.cwd, file)}\n`).join('');
  const records = keys.map(({ name, strings }) => `${name}. IN TXT (\n${quoted(strings)} )\n`).join('\n');
  const lines = relayLines(keys, shell).dkim.map((key) => `    ${JSON.stringify(key)}`);
  return [
    `Made two private keys; keep them out of the repository:\n${files}`,
    `Publish these records in DNS (a form that takes one text takes the strings joined, without quotes):\n\n${records}`,
    `Then add to the relay in infra/relays.json:\n\n  "dkim": [\n${lines.join(',\n')}\n  ]\n`,
  ].join('\n');
}

function quoted(strings: readonly string[]): string {
  return strings.map((each) => `  "${each}"`).join('\n');
}
