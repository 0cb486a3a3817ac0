/** Audiences as large as is wanted, as a shop would export them: one row in a hundred is there twice, one in a thousand is no address. */
import { closeSync, openSync, writeSync } from 'node:fs';

const CITIES = ['Köln', 'Oaxaca de Juárez', 'Lisboa', 'Wien', 'São Paulo', 'Puebla', 'Graz', 'Bern'];
const ZONES = ['Europe/Berlin', 'America/Mexico_City', 'Europe/Lisbon', 'Europe/Vienna'];
const LOCALES = ['de', 'es-MX', 'pt', 'de-AT'];
const HOSTS = ['mail.example.com', 'example.net', 'post.example.org', 'letters.example'];
/** Rows that are written at once. */
const PIECE = 10_000;

/** @returns rows that are duplicates, and rows without an address */
export function writeAudience(file: string, rows: number): { readonly duplicates: number; readonly invalid: number } {
  const descriptor = openSync(file, 'w');
  let duplicates = 0;
  let invalid = 0;
  try {
    writeSync(descriptor, 'email,name,city,locale,timezone\n');
    for (let first = 1; first <= rows; first += PIECE) {
      let text = '';
      for (let row = first; row < first + PIECE && row <= rows; row += 1) {
        if (row % 1000 === 0) invalid += 1;
        else if (row % 100 === 0) duplicates += 1;
        text += rowOf(row);
      }
      writeSync(descriptor, text);
    }
  } finally {
    closeSync(descriptor);
  }
  return { duplicates, invalid };
}

function rowOf(row: number): string {
  const pick = (values: readonly string[]) => values[row % values.length] ?? '';
  return `${addressOf(row)},Zoë Martínez ${row},${pick(CITIES)},${pick(LOCALES)},${pick(ZONES)}\n`;
}

function addressOf(row: number): string {
  if (row % 1000 === 0) return `person.${row}`;
  const who = row % 100 === 0 ? row / 2 + 1 : row;
  const host = HOSTS[who % HOSTS.length] ?? '';
  return `person.${who}@${who === row ? host : host.toUpperCase()}`;
}
