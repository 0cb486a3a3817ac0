/**
 * Renders a newsletter for one row after the other: `node … cartero|handlebars RENDERS`. Says how many a second, what CPU
 * each took, and a digest of some outputs: both are to say the same, octet for octet.
 */
import { createHash } from 'node:crypto';
import Handlebars from 'handlebars';
import { compileTemplates, type Source } from '#render';
import { BODY, LAYOUTS, PARTIALS, rowOf } from './newsletter.ts';

const ROWS = 2_000;
const WARM_UP = 5_000;

const [who = 'cartero', count = '100000'] = process.argv.slice(2);
const renders = Number(count);
const rows = Array.from({ length: ROWS }, (_, index) => rowOf(index));
const render = who === 'cartero' ? cartero() : precompiled();

function cartero(): (row: Record<string, unknown>) => string {
  const sources = (texts: Readonly<Record<string, string>>) =>
    new Map(Object.entries(texts).map(([name, text]): [string, Source] => [name, { name: `${name}.hbs`, text }]));
  const templates = compileTemplates({
    subject: { name: 'subject.hbs', text: 'Hello {{name}}' },
    html: { name: 'body.html.hbs', text: BODY },
    // Else the style sheet would stand in ours twice.
    inlineCss: false,
    partials: sources(PARTIALS),
    layouts: sources(LAYOUTS),
  });
  return (row) => templates.html(row);
}

/** As `handlebars` on the command line would have written it: nothing is left to compile. */
function precompiled(): (row: Record<string, unknown>) => string {
  const runtime = Handlebars.create();
  const template = (text: string) =>
    runtime.template(new Function(`return ${String(Handlebars.precompile(text))}`)() as TemplateSpecification);
  runtime.registerHelper('url', (address: unknown) => address);
  for (const [name, text] of Object.entries({ ...PARTIALS, ...LAYOUTS })) runtime.registerPartial(name, template(text));
  return template(BODY);
}

/** The output is read to its end, as composing would: what was put together is one text then. */
function renderMany(many: number): number {
  let octets = 0;
  for (let index = 0; index < many; index += 1) octets += Buffer.byteLength(render(rows[index % ROWS] ?? {}));
  return octets;
}

const digest = createHash('sha256');
for (const row of rows) digest.update(render(row));
renderMany(WARM_UP);
const before = process.cpuUsage();
const began = performance.now();
const octets = renderMany(renders);
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(before);
const cpuMs = (user + system) / 1000;
console.log(JSON.stringify({ renders, seconds, cpuMs, octets: octets / renders, digest: digest.digest('hex') }));
