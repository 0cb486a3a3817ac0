/** STARTTLS over real TLS on loopback: taken off, refused, injected into; nothing that counts is said in clear. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { SessionSettings } from '#smtp';
import { type Authority, createAuthority, type Identity } from './certificates.ts';
import type { Script } from './scripted-server.ts';
import { quietly, visit } from './tls-visits.ts';

let authority: Authority;
let stranger: Authority;
let good: Identity;

beforeAll(async () => {
  [authority, stranger] = await Promise.all([createAuthority(), createAuthority()]);
  good = await authority.issue({ names: ['mail.example.com', '127.0.0.1'] });
});

const open = (script: Script, settings: Partial<SessionSettings>) => visit(script, { ca: authority.ca, ...settings });

describe('STARTTLS', () => {
  /** Offers STARTTLS, and says this to it. */
  const answers = (reply: string, then: Script = async () => {}): Script => {
    return async (client) => {
      client.say('220 mail.example.com\r\n');
      await client.hear('EHLO client.example.com\r\n');
      client.say('250-mail.example.com\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n');
      await client.hear('STARTTLS\r\n');
      client.say(reply);
      await then(client);
    };
  };
  const IN_CLEAR = 'EHLO client.example.com\r\nSTARTTLS\r\n';

  it.each([
    ['a reply injected behind its 220', '220 go\r\n250-mail.example.com\r\n250 AUTH LOGIN\r\n', 'ERR_SMTP_PROTOCOL'],
    ['the beginning of one', '220 go\r\n250-SMTPUTF8 ', 'ERR_SMTP_PROTOCOL'],
    ['a single octet', '220 go\r\n2', 'ERR_SMTP_PROTOCOL'],
    ['a bare line end', '220 go\r\n\r\n', 'ERR_SMTP_PROTOCOL'],
    ['four digits', '2200 go\r\n', 'ERR_SMTP_PROTOCOL'],
    ['221', '221 go\r\n', 'ERR_SMTP_TLS_REQUIRED'],
    ['250', '250 go\r\n', 'ERR_SMTP_TLS_REQUIRED'],
    ['251', '251 go\r\n', 'ERR_SMTP_TLS_REQUIRED'],
    ['354', '354 go\r\n', 'ERR_SMTP_TLS_REQUIRED'],
    ['421', '421 closing\r\n', 'ERR_SMTP_TLS_REQUIRED'],
  ])('met by %s: nothing more is said', async (_what, reply, code) => {
    const { how, heard } = await open(answers(reply), { security: 'starttls' });
    expect(how).toBe(code);
    expect(heard).toBe(IN_CLEAR);
  });

  it.each(['454 4.7.0 not available\r\n', '500 what\r\n', '502 not implemented\r\n', '501 no\r\n'])(
    'refused with %j: the session is left in order',
    async (reply) => {
      const script = answers(reply, async (client) => {
        await client.hear('QUIT\r\n');
        client.say('221 bye\r\n');
      });
      const { how, heard, error } = await open(script, { security: 'starttls' });
      expect(how).toBe('ERR_SMTP_TLS_REQUIRED');
      expect(error?.reply?.code).toBe(Number(reply.slice(0, 3)));
      expect(heard).toBe(`${IN_CLEAR}QUIT\r\n`);
    },
  );

  it('not offered leaves the session in order, and no reply is there to quote', async () => {
    const script: Script = async (client) => {
      client.say('220 mail.example.com\r\n');
      await client.hear('EHLO client.example.com\r\n');
      client.say('250-mail.example.com\r\n250 AUTH PLAIN\r\n');
      await client.hear('QUIT\r\n');
      client.say('221 bye\r\n');
    };
    const { how, heard, error } = await open(script, { security: 'starttls' });
    expect(how).toBe('ERR_SMTP_TLS_REQUIRED');
    expect(error?.reply).toBeUndefined();
    expect(heard).toBe('EHLO client.example.com\r\nQUIT\r\n');
  });

  const injected = ['250-mail.example.com\r\n250 AUTH LOGIN\r\n', '250-SMTPUTF8 ', '220 mail.example.com\r\n', '\r\n'];
  const moments = ['in one segment', 'a moment later', 'before a handshake that is good'] as const;
  it.each(injected.flatMap((words) => moments.map((moment) => [words, moment] as const)))(
    'accepted, with %j behind it %s: nothing of it counts, and nothing is said over TLS',
    async (words, moment) => {
      const { how, heard } = await open(
        async (client) => {
          client.say('220 mail.example.com\r\n');
          await client.hear('EHLO client.example.com\r\n');
          client.say('250-mail.example.com\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n');
          await client.hear('STARTTLS\r\n');
          client.say(moment === 'in one segment' ? `220 go\r\n${words}` : '220 go\r\n');
          if (moment === 'a moment later') await new Promise((resolve) => setTimeout(resolve, 1));
          if (moment !== 'in one segment') client.say(words);
          if (moment === 'before a handshake that is good') await quietly((end) => end.secure(good))(client);
          client.hangUp();
        },
        { security: 'starttls' },
      );
      expect(['ERR_SMTP_PROTOCOL', 'ERR_SMTP_TLS']).toContain(how);
      expect(heard.slice(0, IN_CLEAR.length)).toBe(IN_CLEAR);
      // Its ClientHello may have left; no command.
      const rest = heard.slice(IN_CLEAR.length);
      expect(rest === '' || rest.startsWith('\x16\x03')).toBe(true);
      expect(rest).not.toMatch(/EHLO|AUTH|MAIL/);
    },
  );

  it('accepted, then clear text in a segment of its own: nothing of it counts', async () => {
    const script = answers('220 go\r\n', async (client) => {
      await client.hears();
      client.say('250-mail.example.com\r\n250 AUTH LOGIN\r\n');
    });
    const { how, message } = await open(script, { security: 'starttls' });
    expect(how).toBe('ERR_SMTP_TLS');
    expect(message).not.toContain('CANARY');
  });

  it('is not given up for a server that refuses EHLO', async () => {
    const script: Script = async (client) => {
      client.say('220 mail.example.com\r\n');
      await client.hear('EHLO client.example.com\r\n');
      client.say('502 EHLO what\r\n');
      await client.hear('QUIT\r\n');
      client.say('221 bye\r\n');
    };
    const { how, heard } = await open(script, { security: 'starttls' });
    expect(how).toBe('ERR_SMTP_TLS_REQUIRED');
    expect(heard).toBe('EHLO client.example.com\r\nQUIT\r\n');
  });

  it('verifies like TLS from the first octet', async () => {
    const wrong = await stranger.issue({ names: ['127.0.0.1'] });
    const script = answers(
      '220 go\r\n',
      quietly((client) => client.secure(wrong)),
    );
    const { how, heard } = await open(script, { security: 'starttls' });
    expect(how).toBe('ERR_SMTP_TLS');
    expect(heard).toBe(IN_CLEAR);
  });

  it('takes the offer made over TLS, not the one before', async () => {
    const script = answers('220 go\r\n', async (client) => {
      await client.secure(good);
      await client.hear('EHLO client.example.com\r\n');
      client.say('250 mail.example.com\r\n');
      await client.hear('QUIT\r\n');
      client.say('221 bye\r\n');
    });
    const { how, message } = await open(script, { security: 'starttls' });
    expect(how).toBe('ERR_SMTP_AUTH');
    expect(message).toBe('Cannot log in: the server offers no AUTH, PLAIN, LOGIN or CRAM-MD5 is wanted');
  });
});
