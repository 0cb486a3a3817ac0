/** A mailer as an ops team might have it, made of everything that there is: what the tests look at. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { type DeployedCampaign, readCampaign } from '../../infra/campaign.ts';
import { DOOR_NAMES, type Doors, doors } from '../../infra/doors.ts';
import { type Environment, readEnvironments } from '../../infra/environment.ts';
import { MailerStage } from '../../infra/mailer-stage.ts';

/** The framework's own switches stand in cdk.json; what is tested is what is deployed. */
export const { context } = JSON.parse(readFileSync(join(import.meta.dirname, '../../cdk.json'), 'utf8'));

export const NOW = Date.parse('2026-11-01T00:00:00Z');

const RELAYS = {
  default: { host: 'smtp.example.com', port: 465, security: 'implicit-tls', secret: 'cartero/smtp' },
  bulk: { host: 'bulk.example.com', port: 587, security: 'starttls', secret: 'cartero/bulk' },
} as const;

/** Everything that environments.json can say. */
export const WHOLE = {
  account: '123456789012',
  region: 'eu-south-2',
  tags: { owner: 'comms' },
  permissionsBoundary: 'workload-boundary',
  relays: { default: { senders: 4 }, bulk: {} },
  alarms: { email: 'ops@example.com', refused: '7%', waitingMinutes: 30 },
  logs: { days: 30, transcripts: 'failures', addresses: 'hashed' },
  jobs: { from: ['example.com'], recipients: 1000 },
  network: { cidr: '10.42.0.0/24' },
};

export function environmentOf(written: object = WHOLE, name = 'staging'): Environment {
  const text = JSON.stringify({ environments: { [name]: written } });
  const [environment] = readEnvironments('infra/environments.json', text, RELAYS);
  if (environment === undefined) throw new Error('no environment');
  return environment;
}

const folders = new Set<string>();
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** A folder with files by path; gone when the process is. */
export function projectWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'cartero-infra-'));
  folders.add(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const CAMPAIGN = { from: 'News <news@example.com>', audience: 'people.csv', relay: 'default' };

/** A folder's campaign.json, as that of `newsletter` but for what is given. */
export function campaignsOf(written: Readonly<Record<string, object>>): readonly DeployedCampaign[] {
  const files = Object.entries(written).flatMap(([name, own]) => [
    [`templates/${name}/campaign.json`, JSON.stringify({ ...CAMPAIGN, ...own })],
    [`templates/${name}/people.csv`, 'email\nana@example.com\n'],
  ]);
  const project = projectWith(Object.fromEntries(files));
  return Object.keys(written).map((name) => readCampaign(project, name));
}

export const CAMPAIGNS = {
  newsletter: {
    schedule: { cron: '0 9 ? * MON *', timezone: 'America/Mexico_City', window: { from: '08:00', to: '20:00' } },
    pace: { messagesPerSecond: 50, connections: 4 },
  },
  birthday: {
    schedule: { cron: '0 9 * * ? *', timezone: 'America/Mexico_City', recipientTimezone: 'timezone' },
    select: { birthday: 'birthday' },
    relay: 'bulk',
  },
  launch: { schedule: { at: '2026-12-01T09:00', timezone: 'Europe/Madrid' } },
  past: { schedule: { at: '2026-10-01T09:00', timezone: 'Europe/Madrid' } },
  invoice: {},
};

/** A project in which every door's file is there. */
export const withDoors = (): string =>
  projectWith(Object.fromEntries(DOOR_NAMES.map((name) => [doors[name].entry, ''])));

export interface Made {
  readonly environment?: Environment;
  readonly campaigns?: readonly DeployedCampaign[];
  readonly doors?: Partial<Doors>;
  readonly project?: string;
}

/** A stage, made and not yet synthesised. */
export function stageOf(made: Made = {}): MailerStage {
  const code = projectWith({ 'index.mjs': 'export const handler = async () => {};\n' });
  return new MailerStage(new App({ context }), {
    environment: environmentOf(),
    campaigns: campaignsOf(CAMPAIGNS),
    doors,
    project: withDoors(),
    bundle: () => code,
    now: NOW,
    ...made,
  });
}
