import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { BodyError, composeMessage } from '#mime';
import { composed, PLAIN } from './fixtures.ts';

const EVENT = [
  ...['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Example//EN', 'METHOD:REQUEST', 'BEGIN:VEVENT', 'UID:1@example.com'],
  ...['DTSTAMP:20261201T090000Z', 'DTSTART:20261224T190000Z', 'SUMMARY:Dinner', 'END:VEVENT', 'END:VCALENDAR'],
];

/** The event with lines in place of others, `null` for none. */
function changed(change: Readonly<Record<string, string | null>>): string {
  const lines = EVENT.map((line) => (line in change ? change[line] : line)).filter((line) => line !== null);
  return `${lines.join('\n')}\n`;
}

const mailOf = (calendar: string) => composed({ calendar });

describe('an event', () => {
  it('goes in its own lines, with its method beside its type', () => {
    const message = mailOf(changed({}));
    expect(message).toContain('\r\nContent-Type: text/calendar; method=REQUEST; charset=utf-8\r\n');
    expect(message).toContain(`\r\n\r\n${EVENT.join('\r\n')}\r\n\r\n--=_`);
  });

  it.each(['PUBLISH', 'request', 'CANCEL', 'Declinecounter'])('may be of method %s', (method) => {
    expect(mailOf(changed({ 'METHOD:REQUEST': `METHOD:${method}` }))).toContain(`; method=${method.toUpperCase()};`);
  });

  it('is folded at 75 octets, between characters, and reads as before', async () => {
    const summary = `SUMMARY:${'Señor '.repeat(40)}🎉${'日本'.repeat(50)}`;
    const data = composeMessage({ ...PLAIN, calendar: changed({ 'SUMMARY:Dinner': summary }) });
    const { attachments } = await PostalMime.parse(Buffer.concat(data.pieces), { attachmentEncoding: 'utf8' });
    const lines = String(attachments[0]?.content).split(/\r?\n/);
    for (const line of lines) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
    expect(lines.length).toBeGreaterThan(EVENT.length + 5);
    expect(lines.join('\n').replaceAll('\n ', '').split('\n')).toContain(summary);
    expect(attachments[0]).toMatchObject({ mimeType: 'text/calendar', method: 'REQUEST' });
  });

  it.each([
    ['folded by its author, by a space or a tab', { 'SUMMARY:Dinner': 'SUMMARY:Din\n \tn\n\ter' }, 'SUMMARY:Din\tner'],
    [
      'with a colon in a parameter',
      { 'SUMMARY:Dinner': 'ATTENDEE;CN="a:b;c":mailto:a@b.c' },
      'ATTENDEE;CN="a:b;c":mailto',
    ],
    ['with an alarm in it', { 'END:VEVENT': 'BEGIN:VALARM\nEND:VALARM\nEND:VEVENT' }, 'END:VALARM\r\nEND:VEVENT'],
    ['with lines that CRLF ends', { 'SUMMARY:Dinner': 'SUMMARY:Dinner\r' }, 'SUMMARY:Dinner\r\nEND'],
    ['with names in small letters', { 'BEGIN:VEVENT': 'begin:vevent', 'END:VEVENT': 'end:vevent' }, 'end:vevent'],
  ])('may be %s', (_what, change, written) => {
    expect(mailOf(changed(change))).toContain(written);
  });

  it.each<[string, string, string]>([
    ['nothing', '', 'line 1: found "", a property'],
    ['no calendar', 'Dinner at eight', 'line 1: found "Dinner at eight", a property'],
    ['an event alone', EVENT.slice(4, -1).join('\n'), 'line 1: found "BEGIN:VEVENT", one calendar'],
    ['two calendars', changed({}).repeat(2), 'line 12: found "BEGIN:VCALENDAR", one calendar'],
    ['a torn one', EVENT.slice(0, -1).join('\n'), 'found no END of "VCALENDAR"'],
    ['a torn event', EVENT.slice(0, -2).join('\n'), 'found no END of "VEVENT"'],
    ['crossed ends', changed({ 'END:VEVENT': 'END:VCALENDAR' }), 'line 10: found END of "VCALENDAR", that of "VEVENT"'],
    ['no method', changed({ 'METHOD:REQUEST': null }), 'found VCALENDAR without METHOD'],
    ['two methods', changed({ 'VERSION:2.0': 'METHOD:REQUEST\nVERSION:2.0' }), 'found METHOD twice'],
    ['an unknown method', changed({ 'METHOD:REQUEST': 'METHOD:x; y="' }), 'line 4: found METHOD:"x; y=\\""'],
    ['no product', changed({ 'PRODID:-//Example//EN': null }), 'found VCALENDAR without PRODID'],
    ['no id', changed({ 'UID:1@example.com': null }), 'line 9: found VEVENT without UID'],
    ['no stamp', changed({ 'DTSTAMP:20261201T090000Z': null }), 'found VEVENT without DTSTAMP'],
    ['no start', changed({ 'DTSTART:20261224T190000Z': null }), 'found VEVENT without DTSTART'],
    ['an empty line', changed({ 'SUMMARY:Dinner': '' }), 'line 9: found "", a property'],
    ['a line that is no property', changed({ 'SUMMARY:Dinner': 'Dinner' }), 'line 9: found "Dinner", a property'],
    ['a lone CR', changed({ 'SUMMARY:Dinner': 'SUMMARY:a\rATTENDEE:b' }), 'line 9: found "SUMMARY:a\\u000dATTENDEE:b"'],
    ['a control character', changed({ 'SUMMARY:Dinner': 'SUMMARY:\u0007' }), 'line 9: found "SUMMARY:\\u0007"'],
    ['an open quote', changed({ 'SUMMARY:Dinner': 'ATTENDEE;CN="a:mailto:a@b.c' }), 'line 9: found'],
    ['a lone surrogate', changed({ 'SUMMARY:Dinner': 'SUMMARY:\ud800' }), 'found a lone surrogate'],
  ])('of %s is refused', (_what, calendar, problem) => {
    expect(() => mailOf(calendar)).toThrow(BodyError);
    expect(() => mailOf(calendar)).toThrow(problem);
    expect(() => mailOf(calendar)).toThrow(expect.objectContaining({ field: 'calendar' }));
  });

  it('with a megabyte of quotes is looked at once', () => {
    const line = `ATTENDEE;CN=${'"a"'.repeat(100_000)}`;
    expect(() => mailOf(changed({ 'SUMMARY:Dinner': line }))).toThrow('a property such as');
  });
});
