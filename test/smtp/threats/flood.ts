/**
 * A process of its own whose servers never stop speaking. Prints as JSON, for each kind of flood, the error that ended the
 * session, how much was offered, and by how much the process has grown at most.
 */
import { type Connect, openSession, SmtpError, type WireEvents } from '#smtp';
import { VirtualTime } from '../virtual-time.ts';

const MIB = 1024 * 1024;
const CHUNK = 64 * 1024;

/** Segments and how often each comes; all are there before anything is measured. */
const FLOODS: Readonly<Record<string, readonly (readonly [segment: string, times: number])[]>> = {
  'a gigabyte without a line end': [['x'.repeat(CHUNK), 16_384]],
  'a gigabyte of one reply line': [
    ['250 ', 1],
    ['x'.repeat(CHUNK), 16_384],
  ],
  'a million lines of one reply': [['250-x\r\n'.repeat(1000), 1000]],
  '200 MB of EHLO keywords': [[`250-${'X-KEYWORD '.repeat(200)}\r\n`.repeat(32), 3200]],
  'a million replies': [['250 ok\r\n'.repeat(1000), 1000]],
  'a million empty lines': [['\r\n'.repeat(1000), 1000]],
};

type Segments = readonly { readonly octets: Buffer; readonly times: number }[];

const results: Record<string, Flooded> = {};
for (const [kind, flood] of Object.entries(FLOODS)) {
  const segments = flood.map(([segment, times]) => ({ octets: Buffer.from(segment, 'latin1'), times }));
  // Twice: what the process needs to run the code at all is there after the first.
  await flooded(segments);
  results[kind] = await flooded(segments);
}
console.log(JSON.stringify(results));

interface Flooded {
  readonly code: string;
  readonly offeredMiB: number;
  readonly grownMiB: number;
}

async function flooded(segments: Segments): Promise<Flooded> {
  const before = process.memoryUsage.rss();
  let highest = before;
  let offered = 0;
  const speak = (events: WireEvents): void => {
    events.connected();
    events.received(Buffer.from('220 mail.example.com\r\n'));
    setImmediate(() => {
      for (const { octets, times } of segments) {
        for (let time = 0; time < times; time += 1) {
          events.received(octets);
          offered += octets.length;
          if (time % 64 === 0) highest = Math.max(highest, process.memoryUsage.rss());
        }
      }
    });
  };
  const connect: Connect = (_target, events) => {
    setImmediate(speak, events);
    const nothing = (): void => {};
    return {
      startTls: nothing,
      write: (_pieces, flushed) => flushed?.(),
      heard: (done) => setImmediate(done),
      end: nothing,
      destroy: nothing,
      channelBinding: () => null,
    };
  };
  const settings = { host: 'mail.example.com', port: 25, security: 'none', clientName: 'client.example.com' } as const;
  const opening = openSession(settings, { time: new VirtualTime(), record: () => {}, connect });
  const error: unknown = await opening.catch((thrown: unknown) => thrown);
  if (!(error instanceof SmtpError)) throw new Error('the flood came to an end', { cause: error });
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  const grownMiB = Math.round((Math.max(highest, process.memoryUsage.rss()) - before) / MIB);
  return { code: error.code, offeredMiB: Math.round(offered / MIB), grownMiB };
}
