import { describe, expect, it } from 'vitest';
import { kindsOf } from '../../lab/program/written-kinds.ts';

const MAIL = 'Subject: x\r\n\r\nRSET is a word here.\r\n';

describe('kindsOf', () => {
  it.each([
    ['EHLO lab.test\r\n', ['EHLO']],
    ['RSET\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n', ['RSET', 'MAIL', 'RCPT', 'DATA']],
    [
      `MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT ${MAIL.length} LAST\r\n${MAIL}`,
      ['MAIL', 'RCPT', 'content', 'indicator'],
    ],
    [`BDAT ${MAIL.length} LAST\r\n${MAIL}RSET\r\n`, ['content', 'indicator', 'RSET']],
    [`BDAT ${MAIL.length} LAST\r\n`, ['indicator']],
    [MAIL, ['content']],
    ['.\r\n', ['indicator']],
    [`${MAIL}.\r\nRSET\r\nMAIL FROM:<a@b>\r\n`, ['content', 'indicator', 'RSET', 'MAIL']],
    ['QUIT\r\n', ['QUIT']],
  ])('%j', (text, kinds) => {
    expect([...kindsOf(text)]).toEqual(kinds);
  });
});
