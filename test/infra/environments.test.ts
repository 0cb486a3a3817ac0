/** environments.json: what is read of it, and how each slip in it is told. */
import { describe, expect, it } from 'vitest';
import { readEnvironments, SettingsError } from '../../infra/environment.ts';
import { readSettings } from '../../infra/settings.ts';
import { projectWith, WHOLE } from './mailer.ts';

const FILE = 'infra/environments.json';
const RELAYS = { default: { host: 'smtp.example.com', port: 465, security: 'implicit-tls' } } as const;

const read = (json: unknown) => readEnvironments(FILE, JSON.stringify(json, null, 2), RELAYS);
const alone = (written: object) => ({ environments: { staging: { region: 'eu-south-2', ...written } } });

describe('readEnvironments', () => {
  it('fills in what is not said', () => {
    expect(read(alone({}))).toEqual([
      {
        name: 'staging',
        account: null,
        region: 'eu-south-2',
        tags: {},
        permissionsBoundary: null,
        relays: [{ name: 'default', settings: RELAYS.default, senders: 2 }],
        schedules: true,
        alarms: { email: null, refusedPercent: 5, waitingMinutes: 60 },
        logs: { retention: 90, transcripts: 'all', addresses: 'hashed' },
        jobs: null,
        network: null,
      },
    ]);
  });

  it('takes what is said', () => {
    const [environment] = read(alone({ ...WHOLE, relays: { default: { senders: 4 } } }));
    expect(environment).toMatchObject({
      account: '123456789012',
      tags: { owner: 'comms' },
      relays: [{ name: 'default', senders: 4 }],
      alarms: { email: 'ops@example.com', refusedPercent: 7, waitingMinutes: 30 },
      logs: { retention: 30, transcripts: 'failures' },
      jobs: { from: ['example.com'], recipients: 1000 },
      network: { cidr: '10.42.0.0/24' },
    });
  });

  it.each<[what: string, json: object, told: string]>([
    ['no environment', { environments: {} }, `${FILE}:2: "environments": must NOT have fewer than 1 properties`],
    [
      'a name in capitals',
      { environments: { Live: { region: 'eu-south-2' } } },
      `${FILE}:3: "environments.Live": this key has a sign`,
    ],
    ['no region', { environments: { live: {} } }, `${FILE}:3: "environments.live": the key "region" is missing`],
    ['a slip in a key', alone({ tag: {} }), `${FILE}:5: "environments.staging.tag": unknown key, did you mean "tags"?`],
    [
      'an account that is none',
      alone({ account: '1234' }),
      `${FILE}:5: "environments.staging.account": is not in the form wanted, such as "123456789012"`,
    ],
    [
      'a region that is none',
      { environments: { live: { region: 'Madrid' } } },
      `${FILE}:4: "environments.live.region": is not in the form wanted, such as "eu-south-2"`,
    ],
    [
      "a tag that is AWS's",
      alone({ tags: { 'aws:owner': 'comms' } }),
      `${FILE}:6: "environments.staging.tags.aws:owner": this key has a sign`,
    ],
    [
      'one sender',
      alone({ relays: { default: { senders: 1 } } }),
      `${FILE}:7: "environments.staging.relays.default.senders": must be >= 2`,
    ],
    [
      'a relay that is not there',
      alone({ relays: { defalt: {} } }),
      `${FILE}:6: "environments.staging.relays.defalt": relays.json has no relay of that name; did you mean "default"?`,
    ],
    [
      'days that CloudWatch does not know',
      alone({ logs: { days: 100 } }),
      `${FILE}:6: "environments.staging.logs.days": CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365,`,
    ],
    [
      'a share of everybody and more',
      alone({ logs: { transcripts: '100%' } }),
      `${FILE}:6: "environments.staging.logs.transcripts": is not in the form wanted, such as "all", "failures", "10%"`,
    ],
    [
      'jobs from anywhere',
      alone({ jobs: { recipients: 10 } }),
      `${FILE}:5: "environments.staging.jobs": the key "from" is missing`,
    ],
    [
      'a domain that is a pattern',
      alone({ jobs: { from: ['*.example.com'], recipients: 10 } }),
      `${FILE}:7: "environments.staging.jobs.from.0": is not in the form wanted, such as "example.com"`,
    ],
    [
      'a range of everybody',
      alone({ network: { cidr: '8.8.8.0/24' } }),
      `${FILE}:6: "environments.staging.network.cidr": this is no private range`,
    ],
    [
      'a range that is none',
      alone({ network: { cidr: '10.300.0.0/24' } }),
      `${FILE}:6: "environments.staging.network.cidr": this is no private range`,
    ],
  ])('refuses %s, with its line and what to change', (_what, json, told) => {
    expect(() => read(json)).toThrow(SettingsError);
    expect(() => read(json)).toThrow(told);
  });

  it('tells all that is wrong at once', () => {
    const json = alone({ account: '1', relays: { nowhere: {} } });
    expect(() => read({ environments: { ...json.environments, live: { region: 'x' } } })).toThrow(/:5: .*\n.*:11: /);
  });

  it('says where the only relay would have to be written', () => {
    expect(() => readEnvironments(FILE, JSON.stringify(alone({ relays: { smtp: {} } })), {})).toThrow(
      'it has none yet, one is wanted there first',
    );
  });
});

describe('readSettings', () => {
  const files = {
    'infra/relays.json': JSON.stringify({ relays: RELAYS }),
    'infra/environments.json': JSON.stringify(alone({})),
    'templates/_layouts/page.hbs': '',
    'templates/drafts/notes.txt': '',
    'templates/news/campaign.json': JSON.stringify({ from: 'news@example.com', schedule: { cron: '0 9 ? * MON *' } }),
  };

  it('reads the folders that hold a campaign.json', () => {
    const { campaigns, environments } = readSettings(projectWith(files));
    expect(campaigns.map(({ name }) => name)).toEqual(['news']);
    expect(environments.map(({ name }) => name)).toEqual(['staging']);
  });

  it('refuses a schedule whose relay an environment does not send to', () => {
    const project = projectWith({ ...files, 'infra/environments.json': JSON.stringify(alone({ relays: {} })) });
    expect(() => readSettings(project)).toThrow(
      'templates/news/campaign.json: "relay": the environment staging has no relay "default", and the campaign has a schedule',
    );
  });

  it('refuses a campaign that is not in order, with its line', () => {
    const written = '{\n  "from": "news@example.com",\n  "schedule": { "cron": "0 9 * * MON *" }\n}';
    const project = projectWith({ ...files, 'templates/news/campaign.json': written });
    expect(() => readSettings(project)).toThrow(
      'templates/news/campaign.json:3: "schedule.cron": one of day of the month',
    );
  });

  it('names a file that is not there', () => {
    expect(() => readSettings(projectWith({ 'infra/relays.json': files['infra/relays.json'] }))).toThrow(
      'infra/environments.json: this cannot be read',
    );
  });
});
