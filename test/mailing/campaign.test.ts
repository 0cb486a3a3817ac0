/** What a user can get wrong in campaign.json and in the files that it names: each told with its place. */
import { describe, expect, test } from 'vitest';
import { openCampaignFolder } from '#local';
import { CampaignError, formatProblem, loadCampaign, parseCampaign } from '#mailing';
import { temporaryFolder, writeCampaign } from '../cli/cartero.ts';

const FROM = '"from": "News <news@example.com>"';

/** campaign.json with one key a line: `from` on line 2, the others from line 3 on. */
const file = (...lines: string[]) => `{\n${[FROM, ...lines].join(',\n')}\n}`;
const read = (text: string) => parseCampaign('letters', 'campaign.json', text);

function problemsOf(text: string): string[] {
  try {
    read(text);
  } catch (error) {
    if (error instanceof CampaignError) return error.problems.map(formatProblem);
    throw error;
  }
  return [];
}

describe('parseCampaign', () => {
  test('fills in what is left out', () => {
    expect(read(file())).toMatchObject({
      from: { name: 'News', mailbox: { address: 'news@example.com' } },
      returnPath: 'news@example.com',
      headers: [['Auto-Submitted', 'auto-generated']],
      list: null,
      oneClick: null,
      select: {},
      timezoneColumn: 'timezone',
      timezone: 'UTC',
      attachments: [],
      inline: [],
      relay: 'default',
      pace: {},
      onUncertain: 'hold',
      expiresAfterMs: 48 * 3_600_000,
    });
  });

  const AUTO = ['Auto-Submitted', 'auto-generated'];
  const taken: readonly [string, object][] = [
    ['"returnPath": "bounces@example.com"', { returnPath: 'bounces@example.com' }],
    ['"returnPath": ""', { returnPath: '' }],
    ['"expiresAfter": "PT90M"', { expiresAfterMs: 5_400_000 }],
    ['"archive": false', { archive: false }],
    ['"archive": true', { archive: true }],
    ['"headers": { "X-Campaign": "1" }', { headers: [['X-Campaign', '1'], AUTO] }],
    ['"headers": { "auto-submitted": "no" }', { headers: [['auto-submitted', 'no']] }],
    [
      '"list": { "id": "News <news.example.com>", "unsubscribe": "https://example.com/u" }',
      {
        headers: [AUTO, ['Feedback-ID', 'letters:news.example.com:list:example.com']],
        list: { name: 'News', id: 'news.example.com' },
        oneClick: 'https://example.com/u',
      },
    ],
    [
      '"list": { "id": "<a.b>", "unsubscribe": "https://example.com/u", "oneClick": false, "help": "mailto:a@b.c" }',
      {
        list: { name: null, id: 'a.b', unsubscribe: 'https://example.com/u', help: 'mailto:a@b.c' },
        oneClick: null,
      },
    ],
    ['"list": { "id": "<a.b>", "feedbackId": "x:y:sender" }', { headers: [AUTO, ['Feedback-ID', 'x:y:sender']] }],
    [
      '"list": { "id": "<a.b>" }, "headers": { "Feedback-ID": "sender" }',
      { headers: [['Feedback-ID', 'sender'], AUTO], oneClick: null },
    ],
    [
      '"schedule": { "cron": "0 9 ? * MON *", "timezone": "America/Mexico_City", "recipientTimezone": "zone" }',
      { timezone: 'America/Mexico_City', timezoneColumn: 'zone' },
    ],
    ['"select": { "where": { "locale": "es", "age": 3, "vip": true } }', { select: { where: { age: 3 } } }],
    ['"pace": { "messagesPerSecond": 0.5, "connections": 2 }', { pace: { messagesPerSecond: 0.5, connections: 2 } }],
  ];
  for (const [line, expected] of taken) test(`takes ${line}`, () => expect(read(file(line))).toMatchObject(expected));

  const broken: readonly [what: string, text: string, problems: string[]][] = [
    ['nothing', '', ['campaign.json:1: this is not JSON (ValueExpected)']],
    ['white space', ' \n\n', ['campaign.json:3: this is not JSON (ValueExpected)']],
    ['a torn file', '{\n"from": "a@b.c"\n', ['campaign.json:3: this is not JSON (CloseBraceExpected)']],
    ['a comma at the end', '{\n"from": "a@b.c",\n}', ['campaign.json:3: this is not JSON (PropertyNameExpected)']],
    ['a comment', '{\n// hello\n"from": "a@b.c"}', ['campaign.json:2: this is not JSON (InvalidCommentToken)']],
    ['a missing comma', '{\n"from": "a@b.c"\n"relay": "x"}', ['campaign.json:3: this is not JSON (CommaExpected)']],
    ['a line break in a text', '{"from": "a\n@b.c"}', ['campaign.json:1: this is not JSON (UnexpectedEndOfString)']],
    ['a list', '[]', ['campaign.json:1: must be object']],
    ['a text', '"from"', ['campaign.json:1: must be object']],
    ['null', 'null', ['campaign.json:1: must be object']],
    ['no key', '{}', ['campaign.json:1: the key "from" is missing']],
  ];
  for (const [what, text, problems] of broken) {
    test(`refuses ${what}`, () => {
      const found = problemsOf(text);
      expect(found).toEqual(expect.arrayContaining(problems));
      expect(found.every((problem) => problem.startsWith('campaign.json:'))).toBe(true);
    });
  }

  const wrong: readonly [lines: string[], problem: string][] = [
    [['"frm": 1'], 'campaign.json:3: "frm": unknown key, did you mean "from"?'],
    [['"Audience": "a.csv"'], 'campaign.json:3: "Audience": unknown key, did you mean "audience"?'],
    [['"replayTo": "a@b.c"'], 'campaign.json:3: "replayTo": unknown key, did you mean "replyTo"?'],
    [['"attachment": []'], 'campaign.json:3: "attachment": unknown key, did you mean "attachments"?'],
    [['"__proto__": {}'], 'campaign.json:3: "__proto__": unknown key; known are $schema, from,'],
    [['"constructor": {}'], 'campaign.json:3: "constructor": unknown key; known are'],
    [
      ['"pace": { "connections": 1,\n"messagePerSecond": 5 }'],
      'campaign.json:4: "pace.messagePerSecond": unknown key, did you mean "messagesPerSecond"?',
    ],
    [['"select": { "were": {} }'], '"select.were": unknown key, did you mean "where"?'],
    [['"pace": { "depth": 3 }'], '"pace.depth": unknown key; known are messagesPerSecond, connections'],
    [['"attachments": [{ "object": "a", "nam": "b" }]'], '"attachments.0.nam": unknown key, did you mean "name"?'],
    [['"attachments": [{ "name": "b" }]'], 'campaign.json:3: "attachments.0": the key "object" is missing'],
    [['"attachments": "a.pdf"'], '"attachments": must be array'],
    [['"relay": "x"', '"relay": "y"'], 'campaign.json:4: "relay": this key stands twice'],
    [['"select": { "where": { "a": 1, "a": 2 } }'], '"select.where.a": this key stands twice'],
    [['"onUncertain": "retry"'], '"onUncertain": want one of hold, resend, skip'],
    [['"expiresAfter": "2 days"'], '"expiresAfter": is not in the form wanted, such as "PT48H", "P3D"'],
    [['"audience": "/etc/passwd"'], '"audience": is not in the form wanted, such as "subscribers.csv"'],
    [['"audience": "../a.csv"'], '"audience": is not in the form wanted'],
    [['"list": {}'], '"list": the key "id" is missing'],
    [
      ['"list": { "id": "news.example.com" }'],
      '"list.id": is not in the form wanted, such as "News <news.example.com>"',
    ],
    [['"list": { "id": "News <news>" }'], 'campaign.json:3: "list.id": found "News <news>", a name and <label.domain>'],
    [['"list": { "id": "Ne\\"ws <a.b>" }'], '"list.id": found a quotation mark that is never closed, a name is wanted'],
    [['"list": { "id": "<a.b>", "unsubscribe": "https://a.b/#x" }'], '"list.unsubscribe": is not in the form wanted'],
    [['"list": { "id": "<a.b>", "help": "http://a.b/" }'], '"list.help": is not in the form wanted'],
    [['"list": { "id": "<a.b>", "feedbackId": "a:b:c:d:sender" }'], '"list.feedbackId": is not in the form wanted'],
    [['"relay": "a b"'], '"relay": is not in the form wanted, such as "default"'],
    [['"pace": { "messagesPerSecond": 0 }'], '"pace.messagesPerSecond": must be > 0'],
    [['"pace": {}'], '"pace": must NOT have fewer than 1 properties'],
    [['"headers": { "X Y": "1" }'], 'campaign.json:3: "headers.X Y": this key has a sign that none may have'],
    [['"headers": { "X-Y": "a\\r\\nBcc: e@z" }'], '"headers.X-Y": has a sign that it may not have'],
    [['"select": { "where": { "a": [] } }'], '"select.where.a": must be one of string, number, boolean'],
    [['"schedule": { "timezone": "UTC" }'], '"schedule": want exactly one of the keys cron, at'],
    [
      ['"schedule": { "cron": "0 9 ? * MON *", "at": "2026-12-01T09:00" }'],
      '"schedule": want exactly one of the keys cron, at',
    ],
    [
      ['"schedule": { "at": "2026-12-01T09:00", "missed": "later" }'],
      '"schedule.missed": is not in the form wanted, such as "skip", "send", "PT6H"',
    ],
    [['"schedule": { "cron": "0 9 30 FEB ? *" }'], 'campaign.json:3: "schedule.cron": no such day ever comes'],
    [
      ['"schedule": { "cron": "0 9 * * MON *" }'],
      'campaign.json:3: "schedule.cron": one of day of the month and day of the week must be "?"',
    ],
    [
      ['"schedule": { "at": "2026-02-29T09:00" }'],
      'campaign.json:3: "schedule.at": there is no date and time "2026-02-29T09:00"',
    ],
    [
      ['"schedule": { "at": "2026-03-29T02:30", "timezone": "Europe/Madrid" }'],
      'campaign.json:3: "schedule.at": "2026-03-29T02:30" never comes in Europe/Madrid',
    ],
    [
      ['"schedule": { "at": "2026-12-01T09:00", "window": { "from": "08:00", "to": "08:00" } }'],
      'campaign.json:3: "schedule.window": it ends at 08:00, when it begins',
    ],
    [
      ['"schedule": { "at": "2026-12-01T09:00", "timezone": "Mars/Base" }'],
      'campaign.json:3: "schedule.timezone": "Mars/Base" is no IANA time zone',
    ],
    [['"sender": "nobody@"'], 'campaign.json:3: "sender": '],
    [['"replyTo": "a@b.c, d@e.f"'], '"replyTo": '],
    [['"returnPath": "Bounces <b@example.com>"'], '"returnPath": '],
    [['"returnPath": "b@exa mple.com"'], '"returnPath": '],
    [['"returnPath": "josé@example.com"'], '"returnPath": has letters beyond ASCII before the "@"'],
    [['"sender": "josé@example.com"'], '"sender": has letters beyond ASCII before the "@"'],
  ];
  for (const [lines, problem] of wrong) {
    test(`refuses ${lines.join(', ')}`, () => {
      const found = problemsOf(file(...lines));
      expect(found).toHaveLength(1);
      expect(found[0]).toContain(problem);
    });
  }

  test('tells every problem at once, each at its line', () => {
    expect(problemsOf(file('"relay": 1', '"pace": { "connections": 0 }', '"onUncertain": 2'))).toEqual([
      'campaign.json:3: "relay": must be string',
      'campaign.json:4: "pace.connections": must be >= 1',
      'campaign.json:5: "onUncertain": must be string',
    ]);
    expect(problemsOf(file('"returnPath": "a b@c"', '"sender": "x@y@z"', '"replyTo": "a@b.c, d@e.f"'))).toEqual([
      expect.stringContaining('campaign.json:3: "returnPath"'),
      expect.stringContaining('campaign.json:4: "sender"'),
      expect.stringContaining('campaign.json:5: "replyTo"'),
    ]);
  });
});

describe('loadCampaign', () => {
  const load = async (files: Record<string, string | Uint8Array | null>) => {
    const folder = await writeCampaign(temporaryFolder(), 'letters', files);
    return loadCampaign(await openCampaignFolder(folder, { location: 'letters', projectTemplates: folder }));
  };
  const campaign = (keys: object) => ({
    'campaign.json': JSON.stringify({ from: 'News <news@example.com>', ...keys }, null, 1),
  });

  const refused: readonly [what: string, files: Record<string, string | Uint8Array | null>, problem: string][] = [
    ['a folder without campaign.json', { 'campaign.json': null }, 'letters/campaign.json: there is no such file'],
    ['no subject', { 'subject.hbs': null }, 'letters/subject.hbs: there is no such file'],
    ['no body', { 'body.txt.hbs': null }, 'letters/body.html.hbs or body.txt.hbs: there is no such file'],
    ['a blank subject', { 'subject.hbs': ' \r\n' }, 'letters/subject.hbs: this is blank, a subject is wanted'],
    ['a torn block', { 'body.txt.hbs': 'a\n{{#if x}}\n' }, 'letters/body.txt.hbs:'],
    [
      'text in another encoding',
      { 'subject.hbs': Buffer.from('Zo\xeb', 'latin1') },
      'letters/subject.hbs: this is not UTF-8',
    ],
    [
      'a missing attachment',
      campaign({ attachments: [{ object: 'a.pdf' }] }),
      'letters/a.pdf: there is no such file, and campaign.json names it in attachments.0.object',
    ],
    [
      'a missing inline image',
      campaign({ inline: [{ object: 'a.png', cid: 'a' }] }),
      'letters/a.png: there is no such file, and campaign.json names it in inline.0.object',
    ],
    ['an attachment by URL', campaign({ attachments: [{ object: 'http://169.254.169.254/x' }] }), 'is not relative'],
    ['a path with "."', campaign({ attachments: [{ object: './a.pdf' }] }), 'an empty, "." or ".." segment'],
    ['a header field of the composer', campaign({ headers: { Subject: 'x' } }), 'letters/campaign.json: "Subject": '],
    ['AMP without HTML', { 'body.amp.html.hbs': '<html ⚡4email></html>' }, 'body.html.hbs is wanted beside it'],
    ['a Bcc', campaign({ headers: { bcc: 'e@example.com' } }), 'letters/campaign.json: "bcc": '],
    ['a Content-Type', campaign({ headers: { 'Content-Type': 'text/plain' } }), '"Content-Type": '],
    [
      'a list field twice',
      campaign({ headers: { 'list-id': 'a <a.b>' }, list: { id: 'a <a.b>' } }),
      '"list-id": found this field twice',
    ],
    [
      'a link of its own beside that of each recipient',
      campaign({
        headers: { 'List-Unsubscribe': '<mailto:a@b.c>' },
        list: { id: '<a.b>', unsubscribe: 'https://a.b/' },
      }),
      '"List-Unsubscribe": found this field twice',
    ],
    [
      'a composite attachment',
      campaign({ attachments: [{ object: 'list.csv', type: 'message/rfc822' }] }),
      'letters/campaign.json: "attachments.0": "Content-Type": ',
    ],
    [
      'an attachment whose name is a path',
      campaign({ attachments: [{ object: 'list.csv', name: '..' }] }),
      '"attachments.0": "Content-Disposition": ',
    ],
    [
      'one cid for two images',
      campaign({
        inline: [
          { object: 'list.csv', cid: 'a' },
          { object: 'list.csv', cid: 'a' },
        ],
      }),
      '"inline.1.cid": "a" is another file\'s already',
    ],
  ];
  for (const [what, files, problem] of refused) {
    test(`refuses ${what}`, async () => {
      const error = await load(files).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(CampaignError);
      const { problems, message } = error as CampaignError;
      expect(problems.map(formatProblem).join('\n')).toContain(problem);
      expect(message).toContain('Cannot plan campaign letters:');
    });
  }
});
