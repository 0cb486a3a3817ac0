/**
 * `node server.ts FOLDER PORT TLS-PORT CERTIFICATE KEY`: npm's smtp-server on 127.0.0.1, each message a file in FOLDER.
 * XOAUTH2 takes one token.
 */
import { readFileSync, renameSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerAuthentication, type SMTPServerOptions } from 'smtp-server';

const USER = 'alice';
const PASSWORD = 'wonder land';
const TOKEN = 'looking-glass';

const [folder = '', port = '', tlsPort = '', certificate = '', key = ''] = process.argv.slice(2);
let count = 0;

const refusal = (responseCode: number, words: string) => Object.assign(new Error(words), { responseCode });

function isGood(login: SMTPServerAuthentication): boolean {
  if (login.username !== USER) return false;
  if (login.method === 'CRAM-MD5') return login.validatePassword(PASSWORD);
  return login.method === 'XOAUTH2' ? login.accessToken === TOKEN : login.password === PASSWORD;
}

const options: SMTPServerOptions = {
  name: 'mail.test',
  cert: readFileSync(certificate),
  key: readFileSync(key),
  size: 26_214_400,
  authMethods: ['PLAIN', 'LOGIN', 'CRAM-MD5', 'XOAUTH2'],
  authOptional: true,
  onAuth(login, _session, done) {
    if (isGood(login)) done(null, { user: USER });
    else done(null, { data: { status: '401', schemes: 'bearer', scope: 'mail' } });
  },
  onRcptTo({ address }, _session, done) {
    if (address.startsWith('bounce@')) done(refusal(550, '5.1.1 no such user'));
    else if (address.startsWith('later@')) done(refusal(451, '4.3.0 try again later'));
    else done();
  },
  async onData(stream, _session, done) {
    try {
      const message = await buffer(stream);
      count += 1;
      const file = join(folder, String(count).padStart(6, '0'));
      await writeFile(`${file}.arriving`, message);
      renameSync(`${file}.arriving`, `${file}.eml`);
      done(stream.sizeExceeded ? refusal(552, '5.3.4 too large') : null, `2.0.0 kept as ${count}`);
    } catch (error) {
      done(refusal(451, String(error)));
    }
  },
};

for (const [secure, at] of [
  [false, port],
  [true, tlsPort],
] as const) {
  const server = new SMTPServer({ ...options, secure });
  server.on('error', (error) => console.error(error.message));
  server.listen(Number(at), '127.0.0.1');
}
