/**
 * A canary in every login: real runs against a relay that repeats what it heard in each of its replies. Whatever is printed,
 * and each octet of each file that is left, is searched for it in every form. Nothing may be found.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder, writeCampaign } from '../../cli/cartero.ts';
import { type Authority, createAuthority, type Identity } from '../certificates.ts';
import { CommandLine } from './command-line.ts';
import { CHALLENGES, type EchoingRelay, type Ending, startEchoingRelay } from './echoing-relay.ts';
import { formsOf, found } from './forms.ts';

const USER = 'canary-user@example.com';
const PASSWORD = 'S3cr3t-CANARY "ñ%/+?x';
const TOKEN = 'ya29.S3cr3t-CANARY_token~1';
const LIST = 'email,name\nana@example.com,Ana\nrefused@example.com,Ben\nzoe@example.com,Zoë\n';

const MECHANISMS: readonly (readonly [mechanism: string, secret: string])[] = [
  ['PLAIN', PASSWORD],
  ['LOGIN', PASSWORD],
  ['CRAM-MD5', PASSWORD],
  ['SCRAM-SHA-256', PASSWORD],
  ['OAUTHBEARER', TOKEN],
  ['XOAUTH2', TOKEN],
];
const FAILURES: readonly Ending[] = ['refused', 'later', 'asked again', 'garbled', 'closing'];

let authority: Authority;
let identity: Identity;

beforeAll(async () => {
  authority = await createAuthority();
  identity = await authority.issue({ names: ['127.0.0.1'] });
});

/** A folder, the command lines that were run in it, and the relays that were spoken to. */
class Place {
  readonly folder = temporaryFolder();
  readonly relays: EchoingRelay[] = [];
  readonly #line = new CommandLine(this.folder);
  readonly #secret: string;

  constructor(secret: string) {
    this.#secret = secret;
    writeFileSync(join(this.folder, 'ca.pem'), authority.ca);
  }

  async relay(mechanism: string, ending: Ending, offers: readonly string[] = []): Promise<string> {
    const relay = await startEchoingRelay({ identity, mechanism, user: USER, secret: this.#secret, ending, offers });
    this.relays.push(relay);
    const login = `${encodeURIComponent(USER)}:${encodeURIComponent(this.#secret)}`;
    return `smtps://${login}@127.0.0.1:${relay.port}?ca=ca.pem&auth=${mechanism}`;
  }

  run(relay: string, ...words: string[]): Promise<number> {
    return this.#line.run(relay, ...words);
  }

  /** The only run of this place. */
  get id(): string {
    return readdirSync(join(this.folder, '.cartero/objects/runs'))[0] ?? '';
  }

  /** Ends the command line. @returns what it has printed, and where the secret, a response or a challenge is found */
  async search(): Promise<{ shown: string; hits: string[] }> {
    const { printed, told } = await this.#line.end();
    const files = readdirSync(this.folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const left = files.map((file): [string, Buffer] => {
      const path = join(file.parentPath, file.name);
      return [path.slice(this.folder.length), readFileSync(path)];
    });
    expect(left.map(([path]) => path)).toContain('/.cartero/ledger.sqlite');
    const everything: [string, Buffer][] = [['standard output', printed], ['standard error', told], ...left];
    const forms = this.#forms();
    return {
      shown: `${printed}${told}`,
      hits: everything.flatMap(([what, octets]) => found(what, octets, forms)),
    };
  }

  #forms(): string[] {
    const responses = this.relays.flatMap((relay) => relay.responses);
    const decoded = responses.map((response) => Buffer.from(response, 'base64').toString('latin1'));
    const proofs = decoded.flatMap((text) => /,p=(.*)$/.exec(text)?.[1] ?? / ([0-9a-f]{32})$/.exec(text)?.[1] ?? []);
    const challenges = CHALLENGES.flatMap((text) => [text, Buffer.from(text).toString('base64')]);
    return [...formsOf(this.#secret), ...responses, ...proofs, ...challenges, 'S3cr3t-'];
  }
}

describe.each(MECHANISMS)('a login by %s', (mechanism, secret) => {
  it.each([
    ['in lockstep', []],
    ['ahead of the replies', ['PIPELINING', 'CHUNKING']],
  ])('leaves no secret behind where mail is sent %s', { timeout: 60_000 }, async (_how, offers) => {
    const place = new Place(secret);
    await writeCampaign(place.folder, 'letters', { 'list.csv': LIST });
    const relay = await place.relay(mechanism, 'accepted', offers);
    await place.run(relay, 'plan', 'letters', '--json');
    expect(await place.run(relay, 'run', 'letters', '--json')).toBe(2);
    expect(place.relays[0]?.accepted.sort()).toEqual(['ana@example.com', 'zoe@example.com']);
    await place.run(relay, 'status', '--json');
    await place.run(relay, 'status', '--recipients', '--json');
    await place.run(relay, 'transcript', place.id, '--recipient', 'refused@example.com');
    await place.run(relay, 'transcript', place.id, '--recipient', 'zoe@example.com', '--json');
    await place.run(relay, 'send', 'letters', '--to', 'ana@example.com', '--transcript');
    const { shown, hits } = await place.search();
    expect(shown).toContain('"accepted":2,"refused":1');
    expect(shown).toContain('550-heard <…>');
    expect(hits).toEqual([]);
  });

  it('leaves no secret behind where it fails, however the relay says so', { timeout: 60_000 }, async () => {
    const place = new Place(secret);
    await writeCampaign(place.folder, 'letters', { 'list.csv': LIST });
    for (const ending of FAILURES) {
      const relay = await place.relay(mechanism, ending);
      expect(await place.run(relay, 'run', 'letters', '--json')).toBe(1);
      expect(await place.run(relay, 'send', 'letters', '--to', 'ana@example.com', '--transcript')).toBe(1);
    }
    await place.run('', 'status', '--recipients', '--json');
    expect(place.relays.every((relay) => relay.responses.length > 0 && relay.accepted.length === 0)).toBe(true);
    const { shown, hits } = await place.search();
    expect(shown).toContain('<…>');
    expect(hits).toEqual([]);
  });
});

it('a relay URL that cannot be used is not repeated with its password', { timeout: 60_000 }, async () => {
  const secret = 'S3cr3t-CANARY';
  const folder = temporaryFolder();
  await writeCampaign(folder, 'letters');
  const line = new CommandLine(folder);
  for (const url of [
    `smtp://u:${secret}@`,
    `smtps://u:${secret}@host:0`,
    `smtps://u:${secret}@host/path`,
    `smtps://u:${secret}%@host`,
    `smtps://u:${secret}?x@host`,
    `smtps://u:${secret}#x@host`,
    `smtps://u:${secret} @host`,
    `smtps://u:${secret}@@host`,
    `smtp+insecure://u:${secret}@127.0.0.1`,
    `smtps://u:${secret}@host?auth=SCRAM`,
    `smtps://u:${secret}@host?nothing=1`,
    `ftp://u:${secret}@host`,
    `smtps://u:${secret}@127.0.0.1:1`,
  ]) {
    expect(await line.run('', 'run', 'letters', '--relay', url)).toBe(1);
    expect(await line.run(url, 'run', 'letters')).toBe(1);
  }
  const { printed, told } = await line.end();
  expect(`${printed}${told}`).not.toMatch(/S3cr3t|CANARY/);
});

describe('the search', () => {
  it.each(formsOf(PASSWORD))('finds %j in the midst of other octets, in any case', (form) => {
    const forms = formsOf(PASSWORD);
    for (const text of [form, form.toUpperCase(), form.slice(0, 12), form.slice(-12)]) {
      expect(found('here', Buffer.from(`\0\xff${text}\0`, 'utf8'), forms)).not.toEqual([]);
      expect(found('here', Buffer.from(`  ${text}`, 'utf16le'), forms)).not.toEqual([]);
    }
    expect(found('here', Buffer.from('nothing that is secret'), forms)).toEqual([]);
  });
});
