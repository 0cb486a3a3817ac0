/**
 * `cartero run`, whole (plan, frozen copy, ledger, transcripts), beside a script with csv-parse, handlebars and
 * nodemailer that does the same job without them, against the same server, in turns. Prints a table of medians.
 *
 *     npm run bench -- [recipients] [rounds]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCertificates } from '#local';

const recipients = Number(process.argv[2] ?? 3000);
const rounds = Number(process.argv[3] ?? 5);
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'cartero-bench-'));
const campaign = join(folder, 'templates', 'bench');

interface Measured {
  readonly mailsPerSecond: number;
  readonly cpuMsPerMail: number;
  readonly rssMb: number;
}

function writeCampaign(): void {
  const paragraph = (index: number) =>
    `<p style="margin: 0 0 16px; font: 16px/24px Helvetica, sans-serif; color: #2b211c">Paragraph ${index} for {{city}}: the first sacks came on Tuesday, and the whole courtyard smelled of apples when one of them was opened.</p>\n`;
  const paragraphs = Array.from({ length: 14 }, (_, index) => paragraph(index)).join('');
  const files = {
    'campaign.json': JSON.stringify({ from: 'News <news@example.com>', audience: 'list.csv' }),
    'subject.hbs': 'Hello {{name}}, the new harvest is here',
    'body.html.hbs': `<!DOCTYPE html>\n<html><body>\n<h1>Hello {{name}}</h1>\n${paragraphs}</body></html>\n`,
    'body.txt.hbs': `Hello {{name}},\n\n${'the first sacks came on Tuesday, and the courtyard smelled of apples.\n'.repeat(18)}\nSee you in {{city}}\n`,
    'list.csv': `email,name,city\n${Array.from({ length: recipients }, (_, index) => `person${index}@example.com,Zoë ${index},Köln\n`).join('')}`,
  };
  mkdirSync(campaign, { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(join(campaign, file), content);
}

async function startSink(): Promise<{ port: string; stop: () => Promise<number> }> {
  const child: ChildProcess = spawn(
    process.execPath,
    [here('sink-server.ts'), join(folder, 'key.pem'), join(folder, 'certificate.pem')],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const { stdout } = child;
  if (stdout === null) throw new Error('the sink has no output');
  const [port] = (await once(stdout, 'data')) as [Buffer];
  const stop = async () => {
    const said = once(stdout, 'data') as Promise<[Buffer]>;
    child.kill('SIGTERM');
    return Number((await said)[0].toString());
  };
  return { port: port.toString().trim(), stop };
}

async function measure(argumentsOf: (port: string) => string[]): Promise<Measured> {
  const sink = await startSink();
  const usage = join(folder, 'usage.json');
  const began = performance.now();
  const child = spawn(process.execPath, ['--import', here('usage-at-exit.ts'), ...argumentsOf(sink.port)], {
    cwd: folder,
    env: { ...process.env, BENCH_USAGE: usage },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => {
    words += chunk.toString();
  });
  const [code] = await once(child, 'close');
  const seconds = (performance.now() - began) / 1000;
  const mails = await sink.stop();
  if (code !== 0 || mails !== recipients)
    throw new Error(`ended with ${code}, the sink took ${mails} of ${recipients} mails\n${words}`);
  const { cpuMs, rssMb } = JSON.parse(readFileSync(usage, 'utf8')) as { cpuMs: number; rssMb: number };
  return { mailsPerSecond: mails / seconds, cpuMsPerMail: cpuMs / mails, rssMb };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

writeCampaign();
const { ca, certificate, key } = await createCertificates({ now: Date.now(), names: ['127.0.0.1'] });
for (const [file, pem] of [
  ['ca.pem', ca],
  ['certificate.pem', certificate],
  ['key.pem', key],
] as const)
  writeFileSync(join(folder, file), pem);

let state = 0;
const cartero = (connections: number) => (port: string) => {
  state += 1;
  return [
    here('../functions/cli/bin.js'),
    'run',
    'bench',
    '--relay',
    `smtps://ana:secret@127.0.0.1:${port}?ca=ca.pem`,
    '--connections',
    String(connections),
    '--state',
    `state-${state}`,
  ];
};
const script = (connections: number) => (port: string) => [
  here('script-with-nodemailer.ts'),
  campaign,
  port,
  join(folder, 'ca.pem'),
  String(connections),
];
const subjects = [1, 8].flatMap((connections) => [
  { name: 'cartero run', connections, argumentsOf: cartero(connections) },
  { name: 'csv-parse, handlebars, nodemailer', connections, argumentsOf: script(connections) },
]);
const results = new Map(subjects.map((subject) => [subject, [] as Measured[]]));
for (const subject of subjects) await measure(subject.argumentsOf);
for (let round = 1; round <= rounds; round += 1) {
  for (const subject of subjects) results.get(subject)?.push(await measure(subject.argumentsOf));
  console.error(`round ${round} of ${rounds}`);
}
console.log(
  `Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model}), ${recipients} recipients, medians of ${rounds} interleaved rounds, start and end of the program included\n`,
);
console.log('| program | connections | mails/s | CPU-ms per mail | peak RSS, MB |\n|---|---|---|---|---|');
for (const [{ name, connections }, measured] of results) {
  const of = (pick: (one: Measured) => number) => median(measured.map(pick));
  const [rate, cpu, memory] = [of((one) => one.mailsPerSecond), of((one) => one.cpuMsPerMail), of((one) => one.rssMb)];
  console.log(`| ${name} | ${connections} | ${rate.toFixed(0)} | ${cpu.toFixed(2)} | ${memory.toFixed(0)} |`);
}
rmSync(folder, { recursive: true });
