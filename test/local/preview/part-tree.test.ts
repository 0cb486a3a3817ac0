import { expect, test } from 'vitest';
import { partSizes } from '../../../functions/local/preview/part-tree.ts';

const lines = (...all: readonly string[]) => Buffer.from(all.join('\r\n'));

test('parts are told in their order, with the octets that each takes as encoded', () => {
  const message = lines(
    'Subject: Hi',
    'Content-Type: multipart/mixed;',
    ' boundary="b"',
    '',
    '--b',
    'Content-Type: multipart/alternative; boundary=b1',
    '',
    '--b1',
    'Content-Type: text/plain; charset=utf-8',
    '',
    'Hello',
    '--b1',
    'Content-Type: text/html',
    'Content-Transfer-Encoding: BASE64',
    '',
    'PGI+SGVsbG8=',
    '--b1--',
    '',
    '--b',
    'Content-Type: application/pdf',
    'Content-Disposition: attachment; filename*0*=utf-8\'\'Caf%C3%A9; filename*1=" 7.pdf"',
    'Content-Transfer-Encoding: base64',
    '',
    'AAAA',
    'AAAA',
    '--b--',
    '',
  );
  const found = partSizes(message).map(({ depth, type, name, encoding, octets }) => [
    depth,
    type,
    name,
    encoding,
    octets,
  ]);
  expect(found).toEqual([
    [0, 'multipart/mixed', null, '7bit', message.length - message.indexOf('\r\n\r\n') - 4],
    [1, 'multipart/alternative', null, '7bit', expect.any(Number)],
    [2, 'text/plain', null, '7bit', 5],
    [2, 'text/html', null, 'base64', 12],
    [1, 'application/pdf', 'Café 7.pdf', 'base64', 10],
  ]);
});

test.each([
  ['a message without a header', '\r\nHello', [[0, 'text/plain', 5]]],
  ['a message without a body', 'Content-Type: text/html', [[0, 'text/html', 0]]],
  [
    'a boundary that never comes',
    'Content-Type: multipart/mixed; boundary=x\r\n\r\nHello',
    [[0, 'multipart/mixed', 5]],
  ],
])('%s', (_, message, expected) => {
  expect(partSizes(Buffer.from(message)).map(({ depth, type, octets }) => [depth, type, octets])).toEqual(expected);
});
