import { describe, expect, test } from 'vitest';
import { safeFileName, savedAs } from '../../../functions/local/inbox/attachment-name.ts';
import { harmlessHtml } from '../../../functions/local/inbox/harmless-html.ts';

const BASE = '<base target="_blank">';

describe('harmlessHtml', () => {
  test.each([
    ['<p>a', `${BASE}<p>a`],
    ['\n<!DOCTYPE html PUBLIC "x">\n<p>', `\n<!DOCTYPE html PUBLIC "x">${BASE}\n<p>`],
    ['<link rel=preconnect href=//e>', `${BASE}<x-link rel=preconnect href=//e>`],
    ['<LINK\nrel=x><Meta/http-equiv=refresh></link>', `${BASE}<x-LINK\nrel=x><x-Meta/http-equiv=refresh></x-link>`],
    ['<base href=//e><basefont><metadata><linker>', `${BASE}<x-base href=//e><basefont><metadata><linker>`],
    [
      '<iframe src=//e></iframe><frame><object data=//e><embed>',
      `${BASE}<x-iframe src=//e></x-iframe><x-frame><x-object data=//e><x-embed>`,
    ],
    ['<img src="cid:a@b">', `${BASE}<img src="/p/a@b">`],
    ["<img src='CID:a%40b'><td background=cid:a@b>", `${BASE}<img src='/p/a@b'><td background=/p/a@b>`],
    ['<p style="background:url( cid:a@b )">', `${BASE}<p style="background:url( /p/a@b )">`],
    ['<img src="cid:other"> cid:a@b', `${BASE}<img src="cid:other"> cid:a@b`],
    ['<img src="cid:%ff">', `${BASE}<img src="cid:%ff">`],
  ])('%j', (html, expected) => {
    expect(harmlessHtml(html, (id) => (id === 'a@b' ? `/p/${id}` : null))).toBe(expected);
  });
});

describe('safeFileName', () => {
  test.each([
    ['report.pdf', 'report.pdf'],
    ['Présentation – été.pdf', 'Présentation – été.pdf'],
    ['../../x', 'x'],
    ['..\\..\\x.exe', 'x.exe'],
    ['C:\\a\\b.txt', 'b.txt'],
    ['.bashrc', 'bashrc'],
    ['..', 'attachment'],
    ['a/', 'attachment'],
    ['', 'attachment'],
    [null, 'attachment'],
    ['a\r\nX-Evil: 1.pdf', 'a__X-Evil_ 1.pdf'],
    ['a\u0000b', 'a_b'],
    ['invoice\u202egpj.exe', 'invoice_gpj.exe'],
    ['<img src=x onerror=alert(1)>.png', '_img src=x onerror=alert(1)_.png'],
    ['lone \ud800.txt', 'lone _.txt'],
    [`${'x'.repeat(300)}.pdf`, `${'x'.repeat(116)}.pdf`],
    ['😀'.repeat(100), '😀'.repeat(60)],
    [`x${'😀'.repeat(100)}`, `x${'😀'.repeat(59)}_`],
  ])('%j', (name, expected) => {
    expect(safeFileName(name)).toBe(expected);
  });
});

describe('savedAs', () => {
  test.each([
    ['a b.pdf', `attachment; filename="a b.pdf"; filename*=UTF-8''a%20b.pdf`],
    [`é"'(1)*%.txt`, `attachment; filename="__'(1)*_.txt"; filename*=UTF-8''%C3%A9%22%27%281%29%2A%25.txt`],
  ])('%j', (name, expected) => {
    expect(savedAs(name)).toBe(expected);
  });
});
