/**
 * Composes mails of 5 kB: `node --expose-gc … MAILS`. Says what CPU each took, in ms, what memory is in use when all is done
 * and garbage is away, and the most that the process had. What they say is rendered before, some at a time, and not counted; as of a renderer it is put together of pieces.
 */
import { parseNamedMailbox } from '#address';
import { type Letter, MessageComposer } from '#mime';
import { contentOf, SENDER } from './mails.ts';
import { peakMemoryMb } from './work.ts';

const AT_A_TIME = 500;
const WARM_UP = 5_000;

const mails = Number(process.argv[2] ?? '20000');
const from = parseNamedMailbox(`${SENDER.name} <${SENDER.address}>`);
const composer = new MessageComposer({ date: Date.UTC(2026, 8, 1), from, boundarySeed: 'bench' });

function letterOf(index: number): Letter {
  const { to, subject, text, html } = contentOf(index);
  const mailbox = parseNamedMailbox(`"${to.name}" <${to.address}>`);
  return { messageId: `${index}@example.com`, to: mailbox, subject, text, html };
}

/** @returns CPU ms and octets of composing alone */
function compose(first: number, many: number): { cpuMs: number; octets: number } {
  const sum = { cpuMs: 0, octets: 0 };
  for (let index = first; index < first + many; index += AT_A_TIME) {
    const letters = Array.from({ length: AT_A_TIME }, (_, offset) => letterOf(index + offset));
    const before = process.cpuUsage();
    for (const letter of letters) sum.octets += composer.compose(letter).octets;
    const { user, system } = process.cpuUsage(before);
    sum.cpuMs += (user + system) / 1000;
  }
  return sum;
}

compose(0, WARM_UP);
const { cpuMs, octets } = compose(WARM_UP, mails);
globalThis.gc?.();
const { heapUsed, external } = process.memoryUsage();
const usedMb = (heapUsed + external) / 2 ** 20;
console.log(JSON.stringify({ cpuMs: cpuMs / mails, octets: octets / mails, usedMb, rssMb: peakMemoryMb() }));
