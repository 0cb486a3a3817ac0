/** What a user writes: campaign.json, infra/relays.json and a relay's URL. */
import { CampaignError, findRelay, parseCampaign, parseRelayUrl, RelayError, relayNames } from '#mailing';
import { attempt, endingOf, expect, type Target, textOf } from '../target.ts';

const JSON_WORDS = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ':',
  ',',
  'null',
  'true',
  '1e999',
  '-1',
  '"__proto__":',
  '"constructor":',
  '\\u0000',
  '\\ud800',
  '//',
  '/*',
  '\r\n',
  '\ufeff',
  '{}',
];

export const campaign: Target = {
  name: 'campaign',
  seeds: [
    '{"from":"Cartero News <news@example.com>","audience":"list.csv"}',
    '{"$schema":"../campaign.schema.json","from":"a@b.test","sender":"c@d.test","replyTo":"e@f.test","returnPath":"","headers":{"X-A":"b"},"select":{"birthday":"day","where":{"locale":"es"}},"schedule":{"cron":"0 9 ? * MON *","timezone":"Europe/Madrid"}}',
    '{"from":"a@b.test","attachments":[{"object":"a/{{b}}.pdf","name":"{{b}}","type":"application/pdf"}],"inline":[{"object":"logo.png","cid":"logo"}],"list":{"id":"News <news.b.test>","unsubscribe":"https://b.test/u"},"pace":{"messagesPerSecond":5,"connections":2},"onUncertain":"resend","expiresAfter":"PT48H"}',
    '{"from":"a@b.test","canary":{"recipients":1},"archive":true,"unknown":1}',
  ],
  words: [
    ...JSON_WORDS,
    '"from":',
    '"headers":',
    '"schedule":',
    '"attachments":',
    '"onUncertain":"hold"',
    '"expiresAfter":"P1Y"',
    '<a@b.test>',
    'Europe/Madrid',
  ],
  run(input) {
    const { value, refused } = attempt(() => parseCampaign('news', 'news/campaign.json', textOf(input)), CampaignError);
    if (value === null) return endingOf(refused).slice(0, 140);
    expect(
      Number.isFinite(value.expiresAfterMs) && value.expiresAfterMs > 0,
      `it expires after ${value.expiresAfterMs}`,
    );
    expect(value.from.mailbox.address.includes('@'), 'no sender');
    return `read ${value.headers.length} ${value.attachments.length} ${value.onUncertain}`;
  },
};

export const relays: Target = {
  name: 'relays',
  seeds: [
    '{"relays":{"default":{"host":"smtp.example.com","security":"starttls","secret":"x"}}}',
    '{"$schema":"./relays.schema.json","relays":{"default":{"host":"127.0.0.1","port":25,"security":"none","name":"a.test","pace":{"messagesPerSecond":5},"connections":2,"depth":4}}}',
    '{"relays":{"default":{"host":"smtp.example.com","port":465,"security":"implicit-tls","servername":"b.test","ca":"ca.pem","proxy":"socks5://127.0.0.1:1080"}}}',
  ],
  words: [
    ...JSON_WORDS,
    '"default":',
    '"security":"none"',
    '"allowInsecure":true',
    '"host":',
    '"port":',
    '"proxy":"http://127.0.0.1:3128"',
  ],
  run(input) {
    const text = textOf(input);
    const names = attempt(() => relayNames('infra/relays.json', text), RelayError);
    const found = attempt(() => findRelay('default', 'infra/relays.json', text, 'client.example.com'), RelayError);
    if (found.refused !== null) return endingOf(found.refused).slice(0, 140);
    expect(names.refused === null, 'a relay of a file that is not in order');
    expect((found.value === null) === !names.value?.includes('default'), 'a relay that is not in the list');
    return `${names.value?.length} ${found.value?.session.security}`;
  },
};

const SECRET = 'S3cr3t-CANARY';

export const relayUrl: Target = {
  name: 'relay-url',
  seeds: [
    `smtps://user:${SECRET}@smtp.example.com:465`,
    `smtp://user:${SECRET}@smtp.example.com?ca=ca.pem&servername=b.test&name=c.test&auth=LOGIN&depth=4`,
    'smtp+insecure://127.0.0.1:25',
    'smtp+insecure://[::1]:25',
    `smtp://a%40b:${SECRET}@host/?auth=PLAIN`,
  ],
  words: [
    'smtp://',
    'smtps://',
    'smtp+insecure://',
    '@',
    ':',
    '/',
    '?',
    '#',
    '%',
    '%00',
    '%40',
    '&',
    '=',
    'ca=',
    'auth=',
    'depth=',
    'name=',
    `:${SECRET}@`,
    '127.0.0.1',
    '[::1]',
    'localhost',
    '127.1',
    '\t',
    '。',
    'ß',
  ],
  run(input) {
    const text = textOf(input);
    const { value, refused } = attempt(() => parseRelayUrl(text, 'client.example.com'), RelayError);
    if (value === null) {
      // Elsewhere than before the host it is no password.
      const isPassword = /^[^/?#]*\/\/[^/?#@]*:S3cr3t-CANARY@/.test(text) && text.split(SECRET).length === 2;
      expect(!isPassword || !refused.message.includes(SECRET), 'the password is quoted');
      return endingOf(refused);
    }
    const { session, label } = value;
    expect(!label.includes(SECRET) || session.host.includes(SECRET), 'the password is in the label');
    expect(Number.isInteger(session.port) && session.port > 0 && session.port < 65_536, `the port ${session.port}`);
    const isLocal = /^(?:localhost|::1|127(?:\.\d{1,3}){3})$/i.test(session.host);
    expect(session.security !== 'none' || (isLocal && session.credentials === undefined), 'in clear, elsewhere');
    return `${session.security} ${session.credentials !== undefined} ${session.mechanism} ${value.caFile !== undefined}`;
  },
};
