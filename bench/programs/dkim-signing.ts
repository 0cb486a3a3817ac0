/** Composes mails of 5 kB and signs them, and says what signing alone has taken: CPU ms per mail. `node … MAILS rsa,ed25519` */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { parseNamedMailbox } from '#address';
import { DkimSigner, MessageComposer, readSigningKey } from '#mime';
import { contentOf, SENDER } from './mails.ts';

const DATE = Date.UTC(2026, 8, 1);
const WARM_UP = 500;

const [count = '1000', algorithms = ''] = process.argv.slice(2);

function newKey(algorithm: string): KeyObject {
  if (algorithm === 'rsa') return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  return generateKeyPairSync('ed25519').privateKey;
}

const keys = algorithms.split(',').map((algorithm) => {
  const pem = newKey(algorithm).export({ type: 'pkcs8', format: 'pem' }).toString();
  return readSigningKey({ domain: 'example.com', selector: algorithm }, pem);
});
const signer = new DkimSigner(keys);
const from = parseNamedMailbox(`${SENDER.name} <${SENDER.address}>`);
const composer = new MessageComposer({ date: DATE, from, boundarySeed: 'bench' });
const mails = Array.from({ length: Number(count) + WARM_UP }, (_, index) => {
  const { to, subject, text, html } = contentOf(index);
  const mailbox = parseNamedMailbox(`"${to.name}" <${to.address}>`);
  return composer.compose({ messageId: `${index}@example.com`, to: mailbox, subject, text, html });
});

for (const mail of mails.slice(0, WARM_UP)) signer.sign(mail, DATE);
const before = process.cpuUsage();
for (const mail of mails.slice(WARM_UP)) signer.sign(mail, DATE);
const { user, system } = process.cpuUsage(before);
console.log((user + system) / 1000 / Number(count));
