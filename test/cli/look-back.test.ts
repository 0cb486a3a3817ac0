/** What went out already, and an audience that grew: asked about before anybody is sent to. */
import { cp, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startRelay } from '../mailing/scripted-relay.ts';
import { cartero, type Ended, jsonLines, lastJson, temporaryFolder, writeCampaign } from './cartero.ts';

const list = (people: number, from = 0) =>
  `email,name,born\n${Array.from({ length: people }, (_, index) => `p${from + index}@example.com,P,1990-12-0${(index % 9) + 1}\n`).join('')}`;

const settings = (more: object = {}) =>
  JSON.stringify({ from: 'News <news@example.com>', audience: 'list.csv', ...more });

interface Place {
  readonly folder: string;
  readonly campaign: string;
  readonly accepted: readonly string[];
  /** With `--relay`. */
  run(...args: string[]): Promise<Ended>;
  plan(...args: string[]): Promise<Ended>;
  runs(): Promise<unknown[]>;
  /** Types what was said to be typed. */
  obey(said: Ended): Promise<Ended>;
}

async function placeOf(people: number, more: object = {}): Promise<Place> {
  const folder = temporaryFolder();
  const campaign = await writeCampaign(folder, 'letters', {
    'campaign.json': settings(more),
    'list.csv': list(people),
  });
  const relay = await startRelay();
  const typed = (...args: string[]) => cartero([...args], folder);
  const run = (...args: string[]) => typed('run', ...args, '--relay', relay.url, '--json');
  return {
    folder,
    campaign,
    accepted: relay.accepted,
    run,
    plan: (...args) => typed('plan', ...args),
    runs: async () => jsonLines(await typed('status', '--json')).map(({ run }) => run),
    obey: ({ stderr }) => {
      const [, line = ''] = /If it is meant: `npx cartero run ([^`]*)`/.exec(stderr) ?? [];
      return run(
        ...line
          .replace('--relay …', '')
          .split(' ')
          .filter((word) => word !== ''),
      );
    },
  };
}

const AT = '2026-11-01T09:00:00Z';
const LATER = '2026-11-02T09:00:00Z';

describe('the same templates and audience', () => {
  const cases: readonly [
    what: string,
    first: readonly string[],
    again: readonly string[],
    change?: (place: Place) => unknown,
  ][] = [
    [
      'under another name',
      ['letters'],
      ['copy'],
      ({ folder, campaign }) => cp(campaign, join(folder, 'templates/copy'), { recursive: true }),
    ],
    [
      'under another name, for a slot',
      ['letters', '--at', AT],
      ['copy', '--at', AT],
      ({ folder, campaign }) => cp(campaign, join(folder, 'templates/copy'), { recursive: true }),
    ],
    [
      'in a folder that was moved, for a slot',
      ['letters'],
      ['moved/letters', '--at', AT],
      async ({ folder, campaign }) => {
        await cp(campaign, join(folder, 'moved/letters'), { recursive: true });
        await rename(campaign, join(folder, 'templates/gone'));
      },
    ],
    ['by another slot', ['letters', '--at', AT], ['letters', '--at', LATER]],
    ['by hand after a slot', ['letters', '--at', AT], ['letters']],
    ['by a slot after a start by hand', ['letters'], ['letters', '--at', AT]],
    [
      'with another pace',
      ['letters'],
      ['letters'],
      ({ campaign }) => writeFile(join(campaign, 'campaign.json'), settings({ pace: { connections: 1 } })),
    ],
    [
      'from a copy of the list',
      ['letters', '--at', AT],
      ['letters', '--at', LATER, '--audience', 'copy.csv'],
      ({ folder }) => writeFile(join(folder, 'copy.csv'), list(3)),
    ],
  ];
  for (const [what, first, again, change] of cases) {
    test(`${what} are refused`, { timeout: 120_000 }, async () => {
      const place = await placeOf(3);
      const sent = await place.run(...first);
      expect(sent.code, sent.stderr).toBe(0);
      await change?.(place);
      const { run } = lastJson(sent);
      const word = `the same templates and audience went out as run ${run} of `;
      const refused = await place.run(...again);
      expect(refused.code, refused.stderr).toBe(1);
      expect(refused.stderr).toContain(word);
      expect(refused.stderr).toContain('(3 of 3 recipients accepted)');
      expect(refused.stdout).toBe('');
      expect(place.accepted).toHaveLength(3);
    });
  }

  test('leave nothing behind when refused, are told by plan, and go out once by the hash', {
    timeout: 120_000,
  }, async () => {
    const place = await placeOf(3);
    await place.run('letters', '--at', AT);
    const word = 'the same templates and audience went out as run letters-at-20261101T090000Z of ';
    const again = ['letters', '--at', LATER];
    const planned = await place.plan(...again);
    expect([planned.code, planned.stderr]).toEqual([0, expect.stringContaining(word)]);
    expect(lastJson(await place.plan(...again, '--json'))).toMatchObject({
      problems: [{ row: null, field: null, problem: expect.stringContaining(word) }],
    });
    const refused = await place.run(...again);
    expect(await place.runs()).toEqual(['letters-at-20261101T090000Z']);
    const confirmed = await place.obey(refused);
    expect(confirmed.code, confirmed.stderr).toBe(0);
    expect(lastJson(confirmed)).toMatchObject({ accepted: 3 });
    expect(place.accepted).toHaveLength(6);
    const repeated = await place.obey(refused);
    expect(repeated.stderr).toContain('nothing to do');
    expect(place.accepted).toHaveLength(6);
  });

  test('are sent once more by --new', { timeout: 120_000 }, async () => {
    const place = await placeOf(3);
    await place.run('letters', '--at', AT);
    expect((await place.run('letters', '--new')).code).toBe(0);
    expect(place.accepted).toHaveLength(6);
  });
});

describe('what is not the same is not held up:', () => {
  const cases: readonly [
    what: string,
    first: readonly string[],
    again: readonly string[],
    change?: (place: Place) => unknown,
  ][] = [
    [
      'a slot with another subject',
      ['letters', '--at', AT],
      ['letters', '--at', LATER],
      ({ campaign }) => writeFile(join(campaign, 'subject.hbs'), 'New {{name}}'),
    ],
    [
      'a slot with another list',
      ['letters', '--at', AT],
      ['letters', '--at', LATER],
      ({ campaign }) => writeFile(join(campaign, 'list.csv'), list(3, 3)),
    ],
    [
      'the other part of the list',
      ['letters'],
      ['letters'],
      ({ campaign }) =>
        writeFile(join(campaign, 'campaign.json'), settings({ select: { where: { email: 'p1@example.com' } } })),
    ],
  ];
  for (const [what, first, again, change] of cases) {
    test(what, { timeout: 120_000 }, async () => {
      const place = await placeOf(3);
      await place.run(...first);
      await change?.(place);
      const sent = await place.run(...again);
      expect(sent.code, sent.stderr).toBe(0);
      expect(place.accepted.length).toBeGreaterThan(3);
    });
  }

  test('the next start of its own schedule; by hand, and at a moment that is none, it is asked about', {
    timeout: 120_000,
  }, async () => {
    const place = await placeOf(3, { schedule: { cron: '0 9 * * ? *', timezone: 'UTC' } });
    for (const slot of [AT, LATER]) {
      const sent = await place.run('letters', '--at', slot);
      expect(sent.code, sent.stderr).toBe(0);
    }
    expect(place.accepted).toHaveLength(6);
    for (const words of [[], ['--at', '2026-11-03T10:00:00Z']]) {
      const refused = await place.run('letters', ...words);
      expect(refused.code, refused.stderr).toBe(1);
      expect(refused.stderr).toContain('the same templates and audience went out as run letters-at-');
    }
    expect(place.accepted).toHaveLength(6);
  });

  test('birthdays of another day, though those of one day are asked about', { timeout: 120_000 }, async () => {
    const place = await placeOf(18, { select: { birthday: 'born' } });
    const days = ['2026-12-01', '2026-12-02'];
    for (const day of days) {
      const sent = await place.run('letters', '--at', `${day}T00:00:00Z`);
      expect(lastJson(sent), sent.stderr).toMatchObject({ accepted: 2 });
    }
    await cp(place.campaign, join(place.folder, 'templates/copy'), { recursive: true });
    const refused = await place.run('copy', '--at', '2026-12-02T12:00:00Z');
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('run letters-on-20261202 ')]);
    expect((await place.run('copy', '--at', '2026-12-03T12:00:00Z')).code).toBe(0);
  });

  test('a rehearsal, before and after', { timeout: 120_000 }, async () => {
    const place = await placeOf(3);
    const rehearse = (...args: string[]) => cartero(['run', ...args], place.folder);
    for (const at of [AT, LATER]) expect((await rehearse('letters', '--at', at)).code).toBe(0);
    expect((await place.run('letters')).code).toBe(0);
    for (const at of ['2026-11-03T09:00:00Z', '2026-11-04T09:00:00Z'])
      expect((await rehearse('letters', '--at', at)).code).toBe(0);
    await writeFile(join(place.campaign, 'list.csv'), list(400));
    expect((await rehearse('letters')).code).toBe(0);
    expect(place.accepted).toHaveLength(3);
  });

  test('what reached nobody', { timeout: 120_000 }, async () => {
    const place = await placeOf(3);
    const nobody = await cartero(
      ['run', 'letters', '--at', AT, '--relay', 'smtp+insecure://127.0.0.1:1'],
      place.folder,
    );
    expect(nobody.code).toBe(1);
    const refused = await place.run('letters');
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('which is not finished (0 of 3 recipients accepted)'),
    ]);
    expect(refused.stderr).toContain('`npx cartero run letters --relay … --resume letters-at-20261101T090000Z`');
    expect((await cartero(['cancel', 'letters-at-20261101T090000Z'], place.folder)).code).toBe(0);
    expect((await place.run('letters')).code).toBe(0);
    expect(place.accepted).toHaveLength(3);
  });
});

describe('an audience', () => {
  const cases: readonly [what: string, before: number, now: number, settings: object, isAsked: boolean][] = [
    ['half as large again', 100, 150, {}, false],
    ['by one more than half larger', 100, 151, {}, true],
    ['within what its campaign lets grow', 100, 199, { growth: '99.5%' }, false],
    ['beyond what its campaign lets grow', 100, 111, { growth: '10.5%' }, true],
    ['that may not grow at all, by one', 100, 101, { growth: '0%' }, true],
    ['that may not grow at all, as it was', 100, 100, { growth: '0%' }, false],
    ['that is small still', 3, 99, {}, false],
    ['that was small, and is not any more', 3, 100, {}, true],
  ];
  for (const [what, before, now, more, isAsked] of cases) {
    test(`${what}: ${isAsked ? 'is asked about' : 'is sent to'}`, { timeout: 120_000 }, async () => {
      const place = await placeOf(before, more);
      const { run } = lastJson(await place.run('letters'));
      await writeFile(join(place.campaign, 'list.csv'), list(now));
      await writeFile(join(place.campaign, 'subject.hbs'), 'New {{name}}');
      const word = `the audience has ${now} recipients, and had ${before} in run ${run}`;
      const sent = await place.run('letters');
      if (!isAsked) {
        expect(sent.code, sent.stderr).toBe(0);
        return;
      }
      expect([sent.code, sent.stderr]).toEqual([1, expect.stringContaining(word)]);
      expect(place.accepted).toHaveLength(before);
    });
  }

  test('that grew is told by plan, and sent to by its hash', { timeout: 120_000 }, async () => {
    const place = await placeOf(3);
    const { run } = lastJson(await place.run('letters'));
    await writeFile(join(place.campaign, 'list.csv'), list(100));
    const refused = await place.run('letters');
    expect((await place.plan('letters')).stderr).toContain(`the audience has 100 recipients, and had 3 in run ${run}`);
    expect(await place.runs()).toEqual([run]);
    const confirmed = await place.obey(refused);
    expect(confirmed.code, confirmed.stderr).toBe(0);
    expect(place.accepted).toHaveLength(103);
  });

  test('is compared with what went to the same file, and not with a trial', { timeout: 120_000 }, async () => {
    const place = await placeOf(120);
    await writeFile(join(place.folder, 'me.csv'), list(1));
    for (const [subject, ...args] of [['One'], ['Two', '--audience', 'me.csv'], ['Three']] as const) {
      await writeFile(join(place.campaign, 'subject.hbs'), subject);
      const sent = await place.run('letters', ...args);
      expect(sent.code, sent.stderr).toBe(0);
    }
    expect(place.accepted).toHaveLength(241);
  });

  test('of which next to nobody is left is warned of, and sent to', { timeout: 120_000 }, async () => {
    const place = await placeOf(120);
    const { run } = lastJson(await place.run('letters'));
    await writeFile(join(place.campaign, 'list.csv'), list(11));
    const word = `the audience has 11 recipients, and had 120 in run ${run}`;
    expect((await place.plan('letters')).stderr).toContain(word);
    const sent = await place.run('letters');
    expect([sent.code, sent.stderr]).toEqual([0, expect.stringContaining(word)]);
    expect(place.accepted).toHaveLength(131);
  });

  test('that grew with birthdays is asked about by its rows', { timeout: 120_000 }, async () => {
    const place = await placeOf(108, { select: { birthday: 'born' } });
    expect(lastJson(await place.run('letters', '--at', '2026-12-01T00:00:00Z'))).toMatchObject({ accepted: 12 });
    await writeFile(join(place.campaign, 'list.csv'), list(180));
    const grown = await place.run('letters', '--at', '2026-12-02T00:00:00Z');
    expect([grown.code, grown.stderr]).toEqual([
      1,
      expect.stringContaining('the audience has 180 rows, and had 108 in run'),
    ]);
  });
});
