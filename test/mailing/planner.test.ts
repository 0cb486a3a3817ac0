/** From rows to deliveries: who is counted as what, and what is told of a row that cannot be sent. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openCampaignFolder } from '#local';
import { type AudienceFile, describePlan, type LoadedCampaign, loadCampaign, type PlannedRow, planDry } from '#mailing';
import { temporaryFolder, writeCampaign } from '../cli/cartero.ts';

const AT = Date.parse('2026-12-01T09:00:00Z');

interface Campaign {
  readonly folder: string;
  readonly loaded: LoadedCampaign;
}

async function campaign(keys: object = {}, files: Record<string, string | null> = {}): Promise<Campaign> {
  const root = temporaryFolder();
  const folder = await writeCampaign(root, 'letters', {
    'campaign.json': JSON.stringify({ from: 'News <news@example.com>', ...keys }),
    'subject.hbs': 'Hello',
    'body.txt.hbs': 'Hello\n{{name}}\n',
    ...files,
  });
  return {
    folder,
    loaded: await loadCampaign(await openCampaignFolder(folder, { location: 'letters', projectTemplates: root })),
  };
}

function lines(name: string, text: string): AudienceFile {
  return {
    name,
    async *open() {
      yield Buffer.from(text);
    },
  };
}

const csv = (...rows: string[]) => lines('list.csv', `${rows.join('\n')}\n`);

async function plan({ loaded }: Campaign, audience: AudienceFile, options: { run?: string; at?: number } = {}) {
  const rows: PlannedRow[] = [];
  const { contentHash } = await describePlan(loaded, audience, { slot: null, now: options.at ?? AT });
  const { counts, problems } = await planDry(loaded, audience, contentHash, {
    run: options.run ?? 'letters-1',
    at: options.at ?? AT,
    onRow: (row) => rows.push(row),
  });
  return { counts, problems, rows, states: rows.map(({ recipient, state }) => `${recipient} ${state}`) };
}

describe('Planner', () => {
  test('leaves out who is there already, by the key of the address', async () => {
    const audience = csv(
      'email,name',
      'ana@example.com,Ana',
      'ana@EXAMPLE.com,Ana again',
      '"""ana""@example.com",Ana quoted',
      'Ana@example.com,another Ana',
      'jörg@bücher.example,J',
      'jo\u0308rg@BÜCHER.example,J in two code points',
      'x@bücher.example,X',
      'x@XN--BCHER-KVA.example,X again',
    );
    const { counts, states } = await plan(await campaign(), audience);
    expect(states).toEqual([
      'ana@example.com pending',
      'Ana@example.com pending',
      'jörg@xn--bcher-kva.example pending',
      'x@xn--bcher-kva.example pending',
    ]);
    expect(counts).toMatchObject({ rows: 8, recipients: 4, duplicates: 4, notSelected: 0, invalid: 0, batches: 1 });
  });

  test('lets no row that cannot be sent stand in the way of one that can', async () => {
    const audience = csv(
      'email,name',
      'ana@example.com,',
      'ana@example.com,Ana',
      'ana@example.com,',
      'ana@example.com,A',
    );
    const { counts, rows } = await plan(await campaign(), audience);
    expect(rows.map(({ row, state }) => [row, state])).toEqual([
      [1, 'invalid'],
      [2, 'pending'],
    ]);
    expect(counts).toMatchObject({ rows: 4, recipients: 2, duplicates: 2, invalid: 1 });
  });

  test('names a missing variable with template and line', async () => {
    const { problems, rows } = await plan(await campaign(), csv('email,name', 'ana@example.com,'));
    const problem = 'missing or empty, and letters/body.txt.hbs:2 uses it without a default';
    expect(problems).toEqual([{ file: 'list.csv', row: 1, line: 2, field: 'name', problem }]);
    expect(rows[0]).toMatchObject({ state: 'invalid', problem: `"name": ${problem}`, key: 'ana@example.com' });
    expect(rows[0]?.fields).toBeUndefined();
  });

  const slips: readonly [columns: string, hint: string][] = [
    ['nmae', '; did you mean "nmae"?'],
    ['Name', '; did you mean "Name"?'],
    ['given_name', ''],
  ];
  for (const [column, hint] of slips) {
    test(`suggests ${hint === '' ? 'no column' : 'the column'} ${column} for the variable name`, async () => {
      const { rows } = await plan(await campaign(), csv(`email,${column}`, 'ana@example.com,Ana'));
      expect(rows[0]?.problem).toBe(
        `"name": missing or empty, and letters/body.txt.hbs:2 uses it without a default${hint}`,
      );
    });
  }

  test("keeps each row's line beside its number", async () => {
    const { rows } = await plan(await campaign(), csv('email,name', '', 'ana@example.com,"A', 'na"', 'nobody,Eve'));
    expect(rows.map(({ row, line }) => [row, line])).toEqual([
      [1, 3],
      [2, 5],
    ]);
  });

  const bad: readonly [what: string, row: object, problem: string][] = [
    ['a second command', { email: 'a@b.c\r\nRCPT TO:<e@z>', name: 'A' }, 'is no address: '],
    ['an encoded-word', { email: '=?utf-8?q?a=40evil.test=3e=00?=foo@good.test>', name: 'A' }, 'is no address: '],
    ['no address', { email: '', name: 'A' }, 'there is no address'],
    ['a number for an address', { email: 5, name: 'A' }, ''],
    ['two addresses', { email: 'a@b.c, d@e.f', name: 'A' }, 'is no address: '],
    ['an address in brackets', { email: '<a@b.c>', name: 'A' }, 'is no address: '],
    ['null for a name', { email: 'a@b.c', name: null }, 'missing or empty'],
    ['a name behind __proto__', JSON.parse('{"email":"a@b.c","__proto__":{"name":"A"}}') as object, ''],
  ];
  for (const [what, row, problem] of bad) {
    test(`holds a row with ${what}, and that one alone`, async () => {
      const good = JSON.stringify({ email: 'zoe@example.com', name: 'Zoë' });
      const audience = lines('list.jsonl', `${JSON.stringify(row)}\n${good}\n`);
      const { rows, counts, problems } = await plan(await campaign(), audience);
      expect(rows.map(({ state }) => state)).toEqual(['invalid', 'pending']);
      expect(rows[0]?.problem).toContain(problem);
      expect(problems).toMatchObject([{ row: 1, line: 1 }]);
      expect(counts).toMatchObject({ rows: 2, recipients: 2, invalid: 1 });
      expect(({} as { name?: unknown }).name).toBeUndefined();
    });
  }

  test('selects by value and by birthday, and holds a row that cannot be judged', async () => {
    const letters = await campaign({ select: { birthday: 'born', where: { locale: 'es' } } });
    const audience = csv(
      'email,name,born,locale,timezone',
      'today@example.com,A,1990-12-01,es,',
      'english@example.com,A,1990-12-01,en,',
      'tomorrow@example.com,A,1990-12-02,es,',
      'ahead@example.com,A,1990-12-02,es,Pacific/Kiritimati',
      'undated@example.com,A,,es,',
      'wrong@example.com,A,soon,es,',
      'nowhere@example.com,A,1990-12-01,es,Mars/Base',
    );
    const { counts, states } = await plan(letters, audience, { at: Date.parse('2026-12-01T11:00:00Z') });
    expect(states).toEqual([
      'today@example.com pending',
      'ahead@example.com pending',
      'wrong@example.com invalid',
      'nowhere@example.com invalid',
    ]);
    expect(counts).toMatchObject({ rows: 7, recipients: 4, notSelected: 3, duplicates: 0, invalid: 2 });
  });

  test('keeps 100 problems and counts the rest', async () => {
    const { problems, counts } = await plan(await campaign(), csv('email,name', ...Array(250).fill('x,y')));
    expect(problems).toHaveLength(100);
    expect(counts.invalid).toBe(250);
  });
});

describe("one recipient's own file", () => {
  const INVOICES = { attachments: [{ object: 'invoices/{{file}}' }] };

  const held: readonly [what: string, file: string][] = [
    ['missing', 'b.pdf'],
    ['a folder', 'old'],
    ['outside by ..', '../../secret.txt'],
    ['outside by an absolute path', '/etc/passwd'],
    ['outside by a link', 'link.txt'],
    ['outside by a link to a folder', 'out/secret.txt'],
    ['of a name that is too long', `${'x'.repeat(300)}.pdf`],
    ['of a path that is too long', 'x/'.repeat(600)],
    ['of a name that is too long in octets', `${'é'.repeat(200)}.pdf`],
    ['below a file', 'a.pdf/x'],
    ['with a NUL', 'a.pdf\u0000'],
    ['with a backslash', '..\\secret.txt'],
    ['with a direction override', 'fdp.\u202etxt'],
    ['by URL', 'x/../../http://169.254.169.254/'],
    ['with an encoded "..", which is a name', '%2e%2e/secret.txt'],
    ['of half a character', '\ud800.pdf'],
    ['without a name', ''],
  ];
  for (const [what, file] of held) {
    test(`holds that recipient alone where it is ${what}`, async () => {
      const letters = await campaign(INVOICES, { 'invoices/a.pdf': 'A', '../../secret.txt': 'secret' });
      await mkdir(join(letters.folder, 'invoices/old'));
      const secret = join(dirname(letters.folder), '../secret.txt');
      await writeFile(secret, 'secret');
      await symlink(secret, join(letters.folder, 'invoices/link.txt'));
      await symlink(dirname(secret), join(letters.folder, 'invoices/out'));
      const row = (email: string, name: string) => `${JSON.stringify({ email, name: 'A', file: name })}\n`;
      const audience = lines('list.jsonl', row('a@example.com', file) + row('b@example.com', 'a.pdf'));
      const { rows, counts } = await plan(letters, audience);
      expect(rows.map(({ state }) => state)).toEqual(['invalid', 'pending']);
      expect(rows[0]?.problem).toMatch(/^"(attachments\.0|file)": /);
      expect(rows[1]?.files).toMatchObject([{ object: 'invoices/a.pdf' }]);
      expect(counts.invalid).toBe(1);
    });
  }
});

describe('the plan hash', () => {
  const AUDIENCE = ['email,name,file', 'ana@example.com,Ana,a.txt', 'zoe@example.com,Zoë,a.txt'];
  const KEYS = { attachments: [{ object: 'own/{{file}}' }] };
  const OWN = { 'own/a.txt': 'own' };
  const hashOf = async (
    keys: object = KEYS,
    files: Record<string, string> = OWN,
    audience: readonly string[] = AUDIENCE,
    options: { run?: string; at?: number } = {},
  ) => (await plan(await campaign(keys, files), csv(...audience), options)).counts.planHash;

  const same: readonly [what: string, hash: () => Promise<string>][] = [
    ['place', () => hashOf()],
    ['run', () => hashOf(KEYS, OWN, AUDIENCE, { run: 'letters-2' })],
    ['moment, where nobody is selected by it', () => hashOf(KEYS, OWN, AUDIENCE, { at: AT + 1e9 })],
    ['file that nobody is sent', () => hashOf(KEYS, { ...OWN, 'own/b.txt': 'b' })],
  ];
  for (const [what, hash] of same) {
    test(`does not change with another ${what}`, async () => expect(await hash()).toBe(await hashOf()));
  }

  const other: readonly [what: string, hash: () => Promise<string>][] = [
    ['campaign', () => hashOf({ ...KEYS, replyTo: 'x@example.com' })],
    ['template', () => hashOf(KEYS, { ...OWN, 'subject.hbs': 'Bye' })],
    ['row', () => hashOf(KEYS, OWN, [...AUDIENCE, 'new@example.com,N,a.txt'])],
    ['order of rows', () => hashOf(KEYS, OWN, [AUDIENCE[0] ?? '', ...AUDIENCE.slice(1).reverse()])],
    [
      'field',
      () =>
        hashOf(
          KEYS,
          OWN,
          AUDIENCE.map((row) => row.replace('Ana', 'Anna')),
        ),
    ],
    ["content of one recipient's file", () => hashOf(KEYS, { 'own/a.txt': 'other' })],
    ['state of one recipient', () => hashOf(KEYS, {})],
  ];
  for (const [what, hash] of other) {
    test(`changes with another ${what}`, async () => expect(await hash()).not.toBe(await hashOf()));
  }

  test('changes with the day, where it selects', async () => {
    const keys = { select: { birthday: 'born' } };
    const audience = ['email,name,born', 'a@example.com,A,1990-12-01', 'b@example.com,B,1990-12-02'];
    expect(await hashOf(keys, {}, audience, { at: AT + 864e5 })).not.toBe(await hashOf(keys, {}, audience));
  });
});

describe('Message-IDs', () => {
  test('are the same each time, another for each person, and another in another run', async () => {
    const letters = await campaign();
    const audience = csv('email,name', 'ana@example.com,A', 'zoe@example.com,Z', ',nobody');
    const ids = async (run: string) => (await plan(letters, audience, { run })).rows.map(({ messageId }) => messageId);
    const first = await ids('letters-1');
    expect(await ids('letters-1')).toEqual(first);
    expect(new Set([...first, ...(await ids('letters-2'))]).size).toBe(6);
    for (const id of first) expect(id).toMatch(/^[0-9a-f]{32}@example\.com$/);
  });
});

describe('counts', () => {
  test('add up, whatever the audience: rows = recipients + duplicates + not selected', async () => {
    const letters = await campaign({ select: { where: { locale: 'es' } } });
    const row = fc.record(
      {
        email: fc.oneof(fc.constantFrom('a@x.y', 'A@x.y', 'b@X.y', '', 'c@', 'é@x.y'), fc.string(), fc.integer()),
        name: fc.constantFrom('A', '', null, 0),
        locale: fc.constantFrom('es', 'en', null, []),
      },
      { requiredKeys: ['email'] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 30 }), async (rows) => {
        const text = rows.map((each) => `${JSON.stringify(each)}\n`).join('');
        const planned = await plan(letters, lines('list.jsonl', text));
        const { counts } = planned;
        expect(counts.rows).toBe(rows.length);
        expect(counts.recipients + counts.duplicates + counts.notSelected).toBe(counts.rows);
        expect(planned.rows).toHaveLength(counts.recipients);
        expect(planned.rows.filter(({ state }) => state === 'invalid')).toHaveLength(counts.invalid);
        const pending = planned.rows.filter(({ state }) => state === 'pending').map(({ key }) => key);
        expect(new Set(pending).size).toBe(pending.length);
        expect((await plan(letters, lines('list.jsonl', text))).counts).toEqual(counts);
      }),
      { numRuns: 60 },
    );
  });
});
