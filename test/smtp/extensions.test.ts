import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExtensions, ReplyParser } from '#smtp';

function extensions(...lines: string[]) {
  return parseExtensions({ code: 250, lines: ['mail.example.com greets you', ...lines], enhancedStatus: null });
}

describe('parseExtensions', () => {
  it('reads keywords in any case, and their parameters', () => {
    const offer = extensions('pipelining', 'Size 1000', 'X-THING a  b', '8BITMIME');
    expect(offer.has('PIPELINING')).toBe(true);
    expect(offer.has('8bitmime')).toBe(true);
    expect(offer.has('STARTTLS')).toBe(false);
    expect(offer.parameters('x-thing')).toEqual(['a', 'b']);
    expect(offer.parameters('STARTTLS')).toEqual([]);
  });

  it('takes the first line for a greeting, whatever it says', () => {
    expect(parseExtensions({ code: 250, lines: ['STARTTLS'], enhancedStatus: null }).has('STARTTLS')).toBe(false);
  });

  it.each([
    [['AUTH PLAIN LOGIN'], ['PLAIN', 'LOGIN']],
    [['AUTH=PLAIN LOGIN'], ['PLAIN', 'LOGIN']],
    [
      ['AUTH LOGIN plain', 'AUTH=LOGIN PLAIN'],
      ['LOGIN', 'PLAIN'],
    ],
    [['auth scram-sha-256'], ['SCRAM-SHA-256']],
    [['AUTH'], []],
    [[], []],
  ])('reads the mechanisms of %j', (lines, mechanisms) => {
    expect(extensions(...lines).mechanisms).toEqual(mechanisms);
  });

  it.each([
    ['SIZE 35882577', 35_882_577],
    ['SIZE 0', null],
    ['SIZE', null],
    ['SIZE -1', null],
    ['SIZE 1e3', null],
    ['SIZE 99999999999999999999', null],
    ['SIZE 12x', null],
  ])('reads the limit of %j', (line, limit) => {
    expect(extensions(line).sizeLimit).toBe(limit);
    expect(extensions(line).has('SIZE')).toBe(true);
  });

  it.each([
    [['LIMITS MAILMAX=20 RCPTMAX=5 RCPTDOMAINMAX=1'], { mailMax: 20, rcptMax: 5, rcptDomainMax: 1 }],
    [['limits rcptmax=999999'], { mailMax: null, rcptMax: 999_999, rcptDomainMax: null }],
    [['LIMITS'], { mailMax: null, rcptMax: null, rcptDomainMax: null }],
    [['LIMITS MAILMAX RCPTMAX=0 RCPTDOMAINMAX=-1'], { mailMax: null, rcptMax: null, rcptDomainMax: null }],
    [['LIMITS MAILMAX=1e3 RCPTMAX=1000000 XRCPTMAX=7'], { mailMax: null, rcptMax: null, rcptDomainMax: null }],
    [['LIMITS MAILMAX=3', 'LIMITS RCPTMAX=4'], { mailMax: 3, rcptMax: 4, rcptDomainMax: null }],
    [[], { mailMax: null, rcptMax: null, rcptDomainMax: null }],
  ])('reads the limits of %j', (lines, limits) => {
    expect(extensions(...lines).limits).toEqual(limits);
  });

  it.each([
    ['DELIVERBY 240', 240],
    ['DELIVERBY 240,X', 240],
    ['DELIVERBY 0', 0],
    ['DELIVERBY', null],
    ['DELIVERBY ,X', null],
    ['DELIVERBY -5', null],
    ['DELIVERBY 1e3', null],
    ['DELIVERBY 1234567890', null],
  ])('reads the shortest time of %j', (line, seconds) => {
    expect(extensions(line).minDeliverBySeconds).toBe(seconds);
    expect(extensions(line).has('DELIVERBY')).toBe(true);
  });

  it('reads what servers offer', () => {
    const keywords = [
      'ENHANCEDSTATUSCODES',
      '8BITMIME',
      'PIPELINING',
      'CHUNKING',
      'BINARYMIME',
      'DSN',
      'SMTPUTF8',
      'REQUIRETLS',
    ];
    const offer = extensions(...keywords, 'MT-PRIORITY MIXER');
    expect(keywords.every((keyword) => offer.has(keyword))).toBe(true);
    expect(offer.parameters('mt-priority')).toEqual(['MIXER']);
  });

  it.each([
    '',
    ' STARTTLS',
    '-STARTTLS',
    'START TLS'.slice(5),
    'STARTTLS\t',
    'ST\0ARTTLS',
    '\x1bSTARTTLS',
    'STARTTLS.x',
  ])('reads no STARTTLS in %j', (line) => {
    expect(extensions(line).has('STARTTLS')).toBe(false);
  });

  it('takes no keyword for a property of objects', () => {
    const offer = extensions('constructor', '__proto__ x');
    expect(offer.has('toString')).toBe(false);
    expect(offer.has('CONSTRUCTOR')).toBe(true);
    expect(offer.parameters('constructor')).toEqual([]);
    expect(Object.prototype).not.toHaveProperty('x');
  });

  it('makes something of every reply', () => {
    const words = fc.constantFrom(
      'LIMITS',
      'MAILMAX=',
      'RCPTMAX=',
      'DELIVERBY',
      'SIZE',
      'AUTH',
      ' ',
      '=',
      ',',
      '-',
      '7',
    );
    const line = fc.oneof(
      fc.string({ maxLength: 30 }),
      fc.array(words, { maxLength: 8 }).map((parts) => parts.join('')),
    );
    const property = fc.property(fc.array(line), (lines) => {
      const offer = extensions(...lines);
      const limits = [...Object.values(offer.limits), offer.minDeliverBySeconds];
      expect(limits.every((limit) => limit === null || (Number.isSafeInteger(limit) && limit >= 0))).toBe(true);
      expect(offer.mechanisms.every((name) => name === name.toUpperCase())).toBe(true);
      expect(offer.sizeLimit === null || Number.isSafeInteger(offer.sizeLimit)).toBe(true);
    });
    fc.assert(property, { numRuns: 1000 });
  });

  it('reads what the parser gives, however it was cut', () => {
    const text = '250-mail.example.com\r\n250-SIZE 1000\r\n250 AUTH PLAIN\r\n';
    for (let at = 0; at <= text.length; at += 1) {
      const parser = new ReplyParser();
      const replies = [text.slice(0, at), text.slice(at)].flatMap((part) => parser.push(Buffer.from(part)));
      expect(replies.map(parseExtensions)).toMatchObject([{ mechanisms: ['PLAIN'], sizeLimit: 1000 }]);
    }
  });
});
