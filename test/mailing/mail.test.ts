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

test('AMP and an event that lie beside the bodies go with them', async () => {
  const root = temporaryFolder();
  const folder = await writeCampaign(root, 'letters', {
    'body.html.hbs': '<p>{{name}}</p>',
    'body.amp.html.hbs': '<html ⚡4email>{{name}}</html>',
    'calendar.ics.hbs': `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//EN
METHOD:REQUEST
BEGIN:VEVENT
UID:{{uid}}@example.com
DTSTAMP:20261201T090000Z
DTSTART:20261224T190000Z
SUMMARY:Dinner, with {{name}}
END:VEVENT
END:VCALENDAR
`,
  });
  const loaded = await loadCampaign(await openCampaignFolder(folder, { projectTemplates: root }));
  const composer = await MailComposer.open(loaded, { date: 0, readFile: async () => new Uint8Array() });
  const compose = (fields: Record<string, unknown>) =>
    composer.compose({ recipient: 'ana@example.com', messageId: 'a@example.com', fields });
  const { data } = await compose({ name: 'Ana, 3', uid: 7 });
  const message = Buffer.concat(data.pieces).toString();
  expect(message.match(/(?<=\r\nContent-Type: )text.*/g)).toEqual([
    'text/plain; charset=utf-8',
    'text/x-amp-html; charset=utf-8',
    'text/html; charset=utf-8',
    'text/calendar; method=REQUEST; charset=utf-8',
  ]);
  expect(message).toContain('\r\nSUMMARY:Dinner, with Ana\\, 3\r\n');
  // A line of its own is refused at the gate, wherever it comes from.
  const error = await compose({ name: 'Ana', uid: '7\r\nX' }).catch((thrown: unknown) => thrown);
  expect(error).not.toBeInstanceOf(MailError);
  expect(loaded.templates.required.map(({ variable }) => variable)).toContain('uid');
});

test.each([
  [
    '<p>Hello <b>{{name}}</b></p><p>See <a href="https://example.com/?q={{encode name}}">this</a></p>',
    'Hello Ana & Bo\n\nSee this <https://example.com/?q=Ana%20%26%20Bo>\n',
  ],
  ['<img src="https://example.com/a.png" alt="">', undefined],
])('%s without a text beside it goes with one that is made of it, where it says something', async (html, text) => {
  const root = temporaryFolder();
  const folder = await writeCampaign(root, 'letters', { 'body.txt.hbs': null, 'body.html.hbs': html });
  const loaded = await loadCampaign(await openCampaignFolder(folder, { projectTemplates: root }));
  const composer = await MailComposer.open(loaded, { date: 0, readFile: async () => new Uint8Array() });
  const row = { recipient: 'ana@example.com', messageId: 'a@example.com', fields: { name: 'Ana & Bo' } };
  expect((await composer.letter(row)).text).toBe(text);
  const message = Buffer.concat((await composer.compose(row)).data.pieces).toString();
  expect(message.includes('\r\nContent-Type: text/plain')).toBe(text !== undefined);
});

test.each(['2026/04', 'gpj.\u202eexe'])(
  'a file that would be called %j is told by its place in campaign.json',
  async (name) => {
    const root = temporaryFolder();
    const settings = { from: 'N <n@example.com>', attachments: [{ object: 'a.pdf', name: '{{name}}.pdf' }] };
    const files = {
      'campaign.json': JSON.stringify(settings),
      'a.pdf': 'x',
      'subject.hbs': 'Hello',
      'body.txt.hbs': 'Hello',
    };
    const folder = await writeCampaign(root, 'letters', files);
    const loaded = await loadCampaign(await openCampaignFolder(folder, { projectTemplates: root }));
    const composer = await MailComposer.open(loaded, { date: 0, readFile: async () => new Uint8Array() });
    const row = { recipient: 'ana@example.com', messageId: 'a@example.com', fields: { file: 'a', name } };
    const error = await composer.compose(row).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MailError);
    expect(error).toMatchObject({ problem: expect.stringMatching(/^"attachments\.0": found ".*\.pdf"/) });
  },
);
