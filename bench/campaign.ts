/** A campaign for whole runs: a folder as a user has it, with 5 kB of text and HTML for each row of its audience. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from './workshop.ts';

const PARAGRAPH =
  '<p style="margin: 0 0 16px; font: 16px/24px Helvetica, sans-serif; color: #2b211c">For {{city}}: the first sacks came on Tuesday, and the whole courtyard smelled of apples when one of them was opened.</p>\n';
const LINES = 'the first sacks came on Tuesday, and the courtyard smelled of apples.\n'.repeat(28);

/** @returns the folder in which `cartero run bench` finds it, and its own */
export function writeCampaign(folder: string, recipients: number): { readonly cwd: string; readonly campaign: string } {
  const campaign = join(folder, 'templates', 'bench');
  const rows = Array.from({ length: recipients }, (_, index) => `person${index}@example.com,Zoë ${index},Köln\n`);
  const files = {
    'campaign.json': JSON.stringify({ from: 'News <news@example.com>', audience: 'list.csv' }),
    'subject.hbs': 'Hello {{name}}, the new harvest is here',
    'body.html.hbs': `<!DOCTYPE html>\n<html><body>\n<h1>Hello {{name}}</h1>\n${PARAGRAPH.repeat(12)}</body></html>\n`,
    'body.txt.hbs': `Hello {{name}},\n\n${LINES}\nSee you in {{city}}\n`,
    'list.csv': `email,name,city\n${rows.join('')}`,
  };
  mkdirSync(campaign, { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(join(campaign, file), content);
  return { cwd: folder, campaign };
}

/** `cartero` with these words, as a user starts it. */
export function cartero(...words: readonly string[]): [string, ...string[]] {
  return [process.execPath, join(PROJECT, 'functions/cli/bin.js'), ...words];
}
