import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { CSV_HEADING, csvLine, type DeliveryRecord } from '#mailing';

const record = (more: Partial<DeliveryRecord>): DeliveryRecord => ({
  batch: 1,
  row: 1,
  recipient: 'ana@example.com',
  outcome: 'refused',
  reply: null,
  enhancedStatus: null,
  queueId: null,
  attempts: 2,
  uncertainAttempts: 0,
  messageId: 'm@example.com',
  problem: null,
  at: Date.UTC(2026, 11, 1, 9),
  nextAt: null,
  ...more,
});

test('a line is as RFC 4180 has it, octet for octet', () => {
  expect(CSV_HEADING).toBe('recipient,outcome,reply,enhancedStatus,queueId,attempts,messageId,at,problem,nextAt\r\n');
  expect(csvLine(record({ reply: '550 no, "really"', enhancedStatus: '5.1.1' }))).toBe(
    'ana@example.com,refused,"550 no, ""really""",5.1.1,,2,m@example.com,2026-12-01T09:00:00.000Z,,\r\n',
  );
});

test.each(['=', '+', '-', '@', '\t', '\r', '\n', '\uff1d', '\uff0b', '\uff0d', '\uff20'])(
  'a cell that begins with %j is no formula, in whichever column',
  (begin) => {
    const text = `${begin}HYPERLINK("http://example.com")`;
    const [row = []] = parse(
      csvLine(record({ recipient: text, reply: text, queueId: text, problem: text })),
    ) as string[][];
    expect([row[0], row[2], row[4], row[8]]).toEqual(Array.from({ length: 4 }, () => `'${text}`));
  },
);

test.each(["'=1", ' =1', 'a=1', '"=1"', '1-2'])('%j comes back as it was', (text) => {
  const [row = []] = parse(csvLine(record({ reply: text }))) as string[][];
  expect(row[2]).toBe(text);
});
