/** The three campaigns that come with the project: every row of theirs can be mailed. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseMailbox, recipientKey } from '#address';
import { unmet } from '#render';
import { openSample, root } from './sample-campaign.ts';

describe.each(['newsletter', 'birthday', 'invoice'])('templates/%s', (name) => {
  const { campaign, rows, sample, templates } = openSample(name);

  it('has addresses of nobody, each once', () => {
    const mailboxes = rows.map(({ email = '' }) => parseMailbox(email));
    expect(mailboxes.filter(({ domain }) => !/^example\.(?:com|org|net)$/.test(domain))).toEqual([]);
    expect(new Set(mailboxes.map(recipientKey)).size).toBe(rows.length);
  });

  it('knows each time zone', () => {
    const zones = new Set(rows.map(({ timezone }) => timezone));
    for (const timeZone of zones) expect(() => new Intl.DateTimeFormat('en', { timeZone })).not.toThrow();
  });

  it('renders the sample and every row, in both languages where it has two', () => {
    for (const row of [sample, ...rows]) {
      expect(unmet(templates.required, row)).toEqual([]);
      expect(templates.subject(row)).not.toMatch(/\{\{|undefined/);
      expect(templates.html(row)).toMatch(/^<!DOCTYPE html>\n<html lang="(?:en|es)">[\s\S]*<\/html>\s*$/);
      expect(templates.text(row)).toMatch(/^CAFÉ CORAZÓN\n\n\S[\s\S]*\n\n-- \nCafé Corazón ·/);
    }
  });

  it('shows each inline image that it carries, with words for those who do not see it', () => {
    const html = templates.html(sample);
    const shown = [...html.matchAll(/<img src="cid:(\w+)"[^>]* alt="[^"]+"/g)].map(([, cid]) => cid);
    expect(shown.toSorted()).toEqual(campaign.inline.map(({ cid }) => cid).toSorted());
    for (const { object } of campaign.inline)
      expect(
        readFileSync(join(root, name, object))
          .subarray(1, 4)
          .toString(),
      ).toBe('PNG');
  });

  it('finds the attachments of every row', () => {
    const objects = rows.flatMap((row) =>
      (campaign.attachments ?? []).map(({ object }) => templates.named(object, row)),
    );
    const missing = objects.filter((object) => !existsSync(join(root, name, object)));
    expect(missing).toEqual([]);
    for (const object of new Set(objects)) {
      expect(readFileSync(join(root, name, object), 'latin1')).toMatch(/^%PDF-1\.4\n[\s\S]*%%EOF\n$/);
    }
  });

  it('stays below the size at which Gmail clips', () => {
    for (const row of rows) expect(Buffer.byteLength(templates.html(row))).toBeLessThan(102_000);
  });

  it('greets a name in any script as it is written, escaped in HTML alone', () => {
    const row = { ...sample, given_name: '<花子 & "Ñandú">', name: '<花子 & "Ñandú">' };
    expect(templates.text(row)).toContain('<花子 & "Ñandú">');
    expect(templates.html(row)).toContain('&lt;花子 &amp; &quot;Ñandú&quot;&gt;');
  });
});

describe('audiences', () => {
  it('newsletter: 1,000 subscribers, of whom some read Spanish, many with names beyond ASCII', () => {
    const { rows, templates } = openSample('newsletter');
    expect(rows).toHaveLength(1000);
    const inSpanish = rows.filter((row) => templates.html(row).includes('<html lang="es">'));
    expect(inSpanish).toEqual(rows.filter(({ locale }) => locale?.startsWith('es-')));
    expect(inSpanish.length).toBeGreaterThan(100);
    for (const row of inSpanish) {
      expect(templates.subject(row)).toContain('ya está aquí');
      expect(templates.text(row)).toContain('Hola, ');
    }
    expect(rows.filter(({ name = '' }) => /[^\x20-\x7e]/.test(name)).length).toBeGreaterThan(500);
  });

  it('birthday: somebody on every day of a leap year, and real dates only', () => {
    const birthdays = openSample('birthday').rows.map(({ birthday = '' }) => birthday);
    const notReal = birthdays.filter((date) => new Date(`${date}T00:00:00Z`).toISOString().slice(0, 10) !== date);
    expect(notReal).toEqual([]);
    expect(new Set(birthdays.map((date) => date.slice(5))).size).toBe(366);
  });

  it('invoice: every document goes to one customer, and no document is left over', () => {
    const { rows } = openSample('invoice');
    const sent = rows.map(({ invoice }) => `${invoice}.pdf`);
    expect(sent.toSorted()).toEqual(readdirSync(join(root, 'invoice/invoices')).toSorted());
  });
});
