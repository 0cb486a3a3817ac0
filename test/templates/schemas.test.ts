/** The published schemas: what editors complete is what is accepted, at every level and nothing besides. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const readJson = (name: string) => JSON.parse(readFileSync(join(root, name), 'utf8'));
const campaignSchema = readJson('templates/campaign.schema.json');
const relaysSchema = readJson('infra/relays.schema.json');

const ajv = new Ajv({ strict: true, allErrors: true });
const isCampaign = ajv.compile(campaignSchema);
const isRelays = ajv.compile(relaysSchema);

/** Every key there is, set. */
const whole = {
  $schema: '../campaign.schema.json',
  from: 'Cartero News <news@example.com>',
  sender: 'mailer@example.com',
  replyTo: 'Care <care@example.com>',
  returnPath: 'bounces@example.com',
  headers: { 'X-Campaign': 'harvest' },
  audience: 'subscribers.csv',
  select: {
    birthday: 'birthday',
    anniversary: 'joined',
    leapDay: '03-01',
    where: { locale: 'es', age: 30, member: true, points: { from: 10, to: 20 }, since: { from: '2024-01-01' } },
  },
  schedule: {
    cron: '0 9 ? * MON *',
    timezone: 'America/Mexico_City',
    recipientTimezone: 'timezone',
    window: { days: 'MON-FRI', from: '08:00', to: '20:00' },
    missed: 'PT6H',
  },
  attachments: [
    { object: 'attachments/brochure.pdf' },
    { object: 'invoices/{{invoice}}.pdf', name: 'Invoice {{invoice}}.pdf', type: 'application/pdf' },
  ],
  inline: [{ object: 'attachments/logo.png', cid: 'logo', type: 'image/png' }],
  list: {
    id: 'News <news.example.com>',
    unsubscribe: 'https://example.com/unsubscribe',
    oneClick: true,
    help: 'https://example.com/help',
    feedbackId: 'harvest:news:list:cafe-corazon',
  },
  relay: 'default',
  pace: { messagesPerSecond: 50, connections: 4 },
  canary: { recipients: 100, refused: '5%', deferred: '20%', uncertain: '1%' },
  growth: '50%',
  onUncertain: 'hold',
  expiresAfter: 'PT48H',
  archive: false,
};

/** A copy of `whole` in which one key, named by its path, has another value; `undefined` takes it out. */
function changed(path: string, value: unknown): unknown {
  const copy: Record<string, unknown> = structuredClone(whole);
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  const parent = keys.reduce((object, key) => object[key] as Record<string, unknown>, copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

describe('campaign.schema.json', () => {
  it('accepts every key at once, and the smallest campaign', () => {
    expect(isCampaign(whole)).toBe(true);
    expect(Object.keys(campaignSchema.properties).toSorted()).toEqual(Object.keys(whole).toSorted());
    expect(isCampaign({ from: 'a@example.com' })).toBe(true);
  });

  it.each(readdirSync(join(root, 'templates')).filter((name) => /^[a-z]+$/.test(name)))('accepts %s', (name) => {
    expect(isCampaign(readJson(`templates/${name}/campaign.json`)) || isCampaign.errors).toBe(true);
  });

  it.each([
    ['returnPath', ''],
    ['schedule', { at: '2026-12-01T09:00' }],
    ['schedule.missed', 'skip'],
    ['schedule.window', { days: 'MON,WED-FRI' }],
    ['schedule.window.to', '24:00'],
    ['expiresAfter', 'P2DT30M'],
    ['canary.refused', '0.5%'],
    ['canary.refused', '100%'],
    ['pace.messagesPerSecond', 0.5],
    ['headers', {}],
    ['attachments.0.object', 'a..b/…/c.pdf'],
  ])('accepts %s: %j', (path, value) => {
    expect(isCampaign(changed(path, value)) || isCampaign.errors).toBe(true);
  });

  it.each([
    ['from', undefined],
    ['from', 'nobody'],
    ['from', 'a\r\nBcc: e@example.com'],
    ['returnPath', 'Bounces <bounces@example.com>'],
    ['headers.X-Evil', 'a\nBcc: e@example.com'],
    ['headers.X Evil', 'a'],
    ['headers.X-Count', 3],
    ['audience', ''],
    ['audience', '/etc/passwd'],
    ['select', {}],
    ['select.where.locale', ['es']],
    ['select.where.points', {}],
    ['select.where.points', { least: 1 }],
    ['select.where.points.from', true],
    ['select.where.since.from', '1 January'],
    ['select.leapDay', '02-29'],
    ['schedule.at', '2026-12-01T09:00'],
    ['schedule.cron', undefined],
    ['schedule.cron', '0 9 * * 1'],
    ['schedule.window.days', 'LUN'],
    ['schedule.window.from', '8:00'],
    ['schedule.window.from', undefined],
    ['schedule.missed', 'never'],
    ['expiresAfter', '48h'],
    ['expiresAfter', 'P'],
    ['expiresAfter', 'PT'],
    ['expiresAfter', 'P1M'],
    ['attachments.0.object', '../secret.pdf'],
    ['attachments.0.object', 'a/../../secret.pdf'],
    ['attachments.0.object', 'a\\b.pdf'],
    ['attachments.0.object', undefined],
    ['attachments.1.type', 'pdf'],
    ['inline.0.cid', '<logo>'],
    ['inline.0.cid', undefined],
    ['list.unsubscribe', 'https://example.com/a> , <https://example.net/'],
    ['list.unsubscribe', 'http://example.com/'],
    ['list.id', undefined],
    ['list.id', 'news.example.com'],
    ['list.help', 'care@example.com'],
    ['list.feedbackId', 'a:b:c:d:sender'],
    ['relay', 'smtp://user:password@example.com'],
    ['pace.messagesPerSecond', 0],
    ['pace.connections', 1.5],
    ['canary.recipients', undefined],
    ['canary.refused', '101%'],
    ['canary.refused', 5],
    ['onUncertain', 'retry'],
    ['archive', 'no'],
  ])('refuses %s: %j', (path, value) => {
    expect(isCampaign(changed(path, value))).toBe(false);
  });

  const objects = [
    '',
    'select.',
    'schedule.',
    'schedule.window.',
    'attachments.0.',
    'inline.0.',
    'list.',
    'pace.',
    'canary.',
  ];
  it.each(objects)('refuses an unknown key: %sextra', (path) => {
    expect(isCampaign(changed(`${path}extra`, 'x'))).toBe(false);
    expect(isCampaign.errors?.map(({ keyword }) => keyword)).toContain('additionalProperties');
  });

  it('describes every key', () => {
    expect(undescribed(campaignSchema)).toEqual([]);
  });
});

describe('relays.schema.json', () => {
  const relay = { host: 'smtp.example.com', port: 465, security: 'implicit-tls' };
  const all = {
    ...relay,
    name: 'mailer.example.com',
    servername: 'smtp.example.com',
    ca: 'ca.pem',
    cert: 'mailer.pem',
    key: 'mailer-key.pem',
    fingerprint: 'AB:'.repeat(31).concat('CD'),
    pace: { messagesPerSecond: 14 },
    connections: 4,
    depth: 16,
    maxMessageOctets: 10_485_760,
    warmUp: { from: '2026-12-01', perDay: [50, 100], timezone: 'Europe/Madrid' },
    proxy: 'socks5://127.0.0.1:1080',
    dkim: [{ domain: 'example.com', selector: 's2026', key: 'dkim/example.com.s2026.pem' }],
    secret: 'cartero/smtp',
    allowInsecure: false,
  };

  it('accepts the file of this project, every key at once, and the smallest relay', () => {
    expect(isRelays(readJson('infra/relays.json'))).toBe(true);
    expect(isRelays({ $schema: './relays.schema.json', relays: { default: all, campus: relay } })).toBe(true);
    expect(Object.keys(relaysSchema.definitions.relay.properties).toSorted()).toEqual(Object.keys(all).toSorted());
  });

  it.each<[string, unknown]>([
    ['user', 'alice'],
    ['password', 'secret'],
    ['extra', 1],
    ['host', undefined],
    ['host', 'user:password@smtp.example.com'],
    ['port', 0],
    ['port', '465'],
    ['security', 'tls'],
    ['name', 'mailer.example.com\r\nRSET'],
    ['pace', { messagesPerSecond: 14, connections: 2 }],
    ['dkim', { domain: 'example.com', selector: 's2026', key: 'k.pem' }],
    ['dkim', [{ domain: 'example.com', selector: 's2026' }]],
    ['dkim', [{ domain: 'example.com', selector: 'a;b', key: 'k.pem' }]],
    ['proxy', 'socks5://user:password@127.0.0.1:1080'],
  ])('refuses %s: %j', (key, value) => {
    expect(isRelays({ relays: { default: { ...all, [key]: value } } })).toBe(false);
  });

  it('describes every key', () => {
    expect(undescribed(relaysSchema)).toEqual([]);
  });
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly definitions?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly description?: string;
}

/** Keys that an editor would show without a word. */
function undescribed({ properties = {}, definitions = {}, items }: Schema, path = ''): string[] {
  const keys = Object.entries(properties).flatMap(([key, value]) => [
    ...(value.description === undefined ? [`${path}${key}`] : []),
    ...undescribed(value, `${path}${key}.`),
  ]);
  const inner = Object.entries(definitions).flatMap(([key, value]) => undescribed(value, `${path}${key}.`));
  return [...keys, ...inner, ...(items === undefined ? [] : undescribed(items, `${path}0.`))];
}
