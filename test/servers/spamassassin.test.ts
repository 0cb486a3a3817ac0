/** What a spam filter makes of the three campaigns: SpamAssassin with its own rules alone, no network. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const SPAMASSASSIN = '/usr/bin/spamassassin';
const COMMAND = join(import.meta.dirname, '../../functions/cli/bin.js');
/** Mails that nobody wants begin at 5. */
const FAR_FROM_SPAM = 1;

/** The message of a row. */
function message(campaign: string, row: number): Buffer {
  const words = ['compose', campaign, '--row', String(row), '--date', '2026-12-01T09:00:00Z'];
  return execFileSync(process.execPath, [COMMAND, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** @returns its score, and the rules that made it */
function verdict(octets: Uint8Array): { score: number; rules: string } {
  if (!existsSync(SPAMASSASSIN))
    throw new Error(`Cannot score: ${SPAMASSASSIN} is missing, run: apt-get install spamassassin`);
  // -L: no network; -t: report whatever the score; -x: leave no preferences behind.
  const report = execFileSync(SPAMASSASSIN, ['-L', '-t', '-x'], { input: octets }).toString();
  const [, score, rules = ''] = /^X-Spam-Status: \w+, score=(-?[\d.]+) .*?tests=((?:.*\n[ \t])*.*)/m.exec(report) ?? [];
  if (score === undefined) throw new Error(`Cannot score: found no X-Spam-Status in ${report.slice(0, 500)}`);
  return { score: Number(score), rules: rules.replace(/\s+/g, ' ') };
}

describe('SpamAssassin', () => {
  it.each(['newsletter', 'birthday', 'invoice'])('scores the first mails of %s far from spam', (campaign) => {
    for (const row of [1, 2, 3]) {
      const { score, rules } = verdict(message(campaign, row));
      expect(score, rules).toBeLessThan(FAR_FROM_SPAM);
    }
  });

  it('knows spam when it sees it: the test string that stands for it scores 1,000', () => {
    const spam = 'XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X';
    const { score, rules } = verdict(Buffer.from(`Subject: x\r\nFrom: a@example.com\r\n\r\n${spam}\r\n`));
    expect(score).toBeGreaterThan(900);
    expect(rules).toContain('GTUBE');
  });
});
