/** A server that has said everything before it has heard anything: nothing of it counts, and nobody is marked as mailed. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openSession } from '#smtp';
import { jsonLines, temporaryFolder, writeCampaign } from '../../cli/cartero.ts';
import { type Authority, createAuthority } from '../certificates.ts';
import { serve } from '../scripted-server.ts';
import { VirtualTime } from '../virtual-time.ts';
import { CommandLine } from './command-line.ts';

/** The whole of a mail's replies, as an honest server would say them one by one. */
const EVERYTHING = '220 hi\r\n250 hi\r\n250 ok\r\n250 ok\r\n354 go\r\n250 fake-queued\r\n221 bye\r\n';
const AHEAD = '220 hi\r\n250-hi\r\n250-PIPELINING\r\n250 CHUNKING\r\n250 ok\r\n250 ok\r\n250 fake-queued\r\n';

let authority: Authority;
beforeAll(async () => {
  authority = await createAuthority();
});

describe.each([EVERYTHING, AHEAD])('a greeting with all replies behind it: %j', (said) => {
  it.each(['none', 'implicit-tls'] as const)('is heard and nothing is said to it, security %s', async (security) => {
    const identity = await authority.issue({ names: ['127.0.0.1'] });
    await using server = await serve(async (client) => {
      if (security === 'implicit-tls') await client.secure(identity);
      client.say(said);
      await client.leaves();
    });
    const time = new VirtualTime();
    const settings = {
      host: '127.0.0.1',
      port: server.port,
      security,
      clientName: 'client.example.com',
      ca: authority.ca,
    };
    const opening = openSession(settings, { time, record: () => {} });
    await expect(opening).rejects.toMatchObject({ code: 'ERR_SMTP_PROTOCOL', step: 'greeting' });
    await server.done;
    expect((await server.client).heard).toBe('');
    expect(time.pending).toBe(0);
  });

  it('leaves everybody of a run pending', { timeout: 60_000 }, async () => {
    const heard: string[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (octets) => heard.push(octets.toString()));
      socket.write(said);
    }).listen(0, '127.0.0.1');
    onTestFinished(() => {
      server.close();
    });
    await once(server, 'listening');
    const folder = temporaryFolder();
    await writeCampaign(folder, 'letters');
    const line = new CommandLine(folder);
    const url = `smtp+insecure://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await line.run(url, 'run', 'letters', '--json')).toBe(1);
    await line.run(url, 'status', '--recipients', '--json');
    const { printed } = await line.end();
    const people = jsonLines({ stdout: printed.toString(), stderr: '', octets: printed, code: 0, signal: null });
    expect(people.slice(1).map(({ outcome, attempts }) => [outcome, attempts])).toEqual([
      ['pending', 0],
      ['pending', 0],
    ]);
    expect(heard.join('')).not.toMatch(/MAIL|RCPT|DATA|BDAT/);
    expect(readFileSync(join(folder, '.cartero/ledger.sqlite')).toString('latin1')).not.toContain('fake-queued');
  });
});
