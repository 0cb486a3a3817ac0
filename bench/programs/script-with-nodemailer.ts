/**
 * What a careful person writes without Cartero: csv-parse, handlebars and nodemailer's pool. It keeps no ledger, no
 * transcript and no frozen copy. Arguments: campaign folder, port, PEM file of the authority, connections.
 */
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse';
import Handlebars from 'handlebars';
import { createTransport } from 'nodemailer';

const [folder = '', port = '', authority = '', connections = '1'] = process.argv.slice(2);
const template = (file: string, noEscape: boolean) =>
  Handlebars.compile(readFileSync(join(folder, file), 'utf8'), { noEscape });
const subject = template('subject.hbs', true);
const html = template('body.html.hbs', false);
const text = template('body.txt.hbs', true);

const transport = createTransport({
  pool: true,
  maxConnections: Number(connections),
  maxMessages: Number.POSITIVE_INFINITY,
  host: '127.0.0.1',
  port: Number(port),
  secure: true,
  tls: { ca: readFileSync(authority) },
});

let sent = 0;
let failed = 0;
const pending = new Set<Promise<void>>();
const rows = createReadStream(join(folder, 'list.csv')).pipe(parse({ columns: true, bom: true }));
for await (const row of rows as AsyncIterable<Record<string, string>>) {
  const mail = {
    from: 'News <news@example.com>',
    to: { name: row.name ?? '', address: row.email ?? '' },
    subject: subject(row),
    html: html(row),
    text: text(row),
  };
  const one: Promise<void> = transport.sendMail(mail).then(
    () => {
      sent += 1;
    },
    () => {
      failed += 1;
    },
  );
  pending.add(one);
  void one.then(() => pending.delete(one));
  // So that a million rows do not stand in memory.
  if (pending.size >= Number(connections) * 4) await Promise.race(pending);
}
await Promise.all(pending);
transport.close();
console.log(JSON.stringify({ sent, failed }));
