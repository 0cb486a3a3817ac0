/** From a row to its mail: what of it is the row's own problem. */
import { expect, test } from 'vitest';
import { openCampaignFolder } from '#local';
import { loadCampaign, MailComposer, MailError } from '#mailing';
import { temporaryFolder, writeCampaign } from '../cli/cartero.ts';

async function compose(subject: string, fields: Record<string, unknown>, recipient = 'ana@example.com') {
  const root = temporaryFolder();
  const folder = await writeCampaign(root, 'letters', { 'subject.hbs': subject, 'body.txt.hbs': 'Hello' });
  const loaded = await loadCampaign(await openCampaignFolder(folder, { projectTemplates: root }));
  const composer = await MailComposer.open(loaded, { date: 0, readFile: async () => new Uint8Array() });
  return composer.compose({ recipient, messageId: 'a@example.com', fields });
}

const blank: readonly [subject: string, fields: Record<string, unknown>][] = [
  ['{{#if city}}News of {{city}}{{/if}}', {}],
  ['{{name}}', { name: ' \u00a0\u3000' }],
  ['{{!-- to be written --}}', {}],
];
test.each(blank)('a subject %j that is blank for %j holds the row', async (subject, fields) => {
  const error = await compose(subject, fields).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(MailError);
  expect(error).toMatchObject({ code: 'ERR_MAIL', problem: 'the subject is blank for this row' });
});

test('a subject that is blank for one row is none of its neighbour', async () => {
  const { data } = await compose('{{#if city}}News of {{city}}{{/if}}', { city: 'Vigo' });
  expect(Buffer.concat(data.pieces).toString()).toContain('\r\nSubject: News of Vigo\r\n');
});

test('a recipient beyond ASCII is in envelope and header as UTF-8, and the mail says that it is not 7-bit', async () => {
  const { envelope, data } = await compose('Hello', {}, 'jörg@example.com');
  expect(envelope.forwardPaths).toEqual(['jörg@example.com']);
  expect(Buffer.concat(data.pieces).toString()).toContain('\r\nTo: jörg@example.com\r\n');
  expect(data.sevenBit).toBe(false);
  expect((await compose('Hello', { name: 'Jörg' })).data.sevenBit).toBe(true);
});
