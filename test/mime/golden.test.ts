import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { composeMessage } from '#mime';
import { GOLDEN } from './golden-mails.ts';

const folder = join(import.meta.dirname, 'golden');

describe('composeMessage writes, octet for octet,', () => {
  it.each(Object.entries(GOLDEN))('%s', (file, message) => {
    const data = composeMessage(message);
    const octets = Buffer.concat(data.pieces);
    expect(octets.toString('latin1')).toBe(readFileSync(join(folder, file), 'latin1'));
    expect(data.octets).toBe(octets.length);
  });

  it('each file of the folder', () => {
    const files = readdirSync(folder).filter((name) => name.endsWith('.eml'));
    expect(files.sort()).toEqual(Object.keys(GOLDEN).sort());
  });
});
