/** A folder with a campaign of two recipients, and an embedded server that wants a login, each test its own. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { type EmbeddedServer, loadInbox } from '#local';
import { cartero, jsonLines, temporaryFolder, writeCampaign } from './cartero.ts';

/** As a relay URL has it; the password is looked for in what should not show it. */
export const login = 'ana:S3cr3t-CANARY@';

export interface Place {
  readonly folder: string;
  readonly server: EmbeddedServer;
  /** `?ca=…` for this server. */
  readonly ca: string;
}

export async function place(): Promise<Place> {
  const folder = temporaryFolder();
  await writeCampaign(folder, 'letters');
  const { InboxStore, startEmbeddedServer } = await loadInbox();
  const server = await startEmbeddedServer({
    store: await InboxStore.open(join(folder, 'inbox')),
    credentials: { user: 'ana', password: 'S3cr3t-CANARY' },
  });
  onTestFinished(() => server.close());
  await writeFile(join(folder, 'ca.pem'), server.ca);
  return { folder, server, ca: '?ca=ca.pem' };
}

export async function expectNobodyBurnt(folder: string): Promise<void> {
  const people = jsonLines(await cartero(['status', '--recipients', '--json'], folder));
  expect(people.map(({ outcome, attempts }) => [outcome, attempts])).toEqual([
    ['pending', 0],
    ['pending', 0],
  ]);
}
