/** Points of what is understood of the server's replies, and of what is made of it. */
import { GroupCommit } from '../../functions/mailing/group-commit.ts';
import { MailComposer } from '../../functions/mailing/mail.ts';
import { Reckoning } from '../../functions/smtp/reckoning.ts';
import type { Reply } from '../../functions/smtp/reply.ts';
import { ReplyParser } from '../../functions/smtp/reply-parser.ts';
import type { ReplyKind } from '../points.ts';
import { around } from './around.ts';
import { pass, taste } from './death.ts';

export function setReplyPoints(): void {
  const reckoning = Reckoning.prototype;
  reckoning.rset = heard(reckoning.rset, () => 'RSET');
  reckoning.mail = heard(reckoning.mail, () => 'MAIL');
  reckoning.rcpt = heard(reckoning.rcpt, () => 'RCPT');
  reckoning.final = heard(reckoning.final, ([{ code }]) =>
    code < 400 ? 'accepted' : code < 500 ? 'deferred' : 'refused',
  );
  const parser = ReplyParser.prototype;
  parser.push = around(parser.push, {
    before: ([chunk]) => passAll(Buffer.from(chunk).toString('latin1').split('\r\n').flatMap(kindOfLine), 'before'),
    after: (_, replies) => passAll(replies.flatMap(kindOfReply), 'after'),
  });
  const composer = MailComposer.prototype;
  composer.compose = around(composer.compose, {
    before: ([{ recipient }]) => {
      pass('compose:before');
      taste(recipient);
    },
    after: () => pass('compose:after'),
  });
  const commit = GroupCommit.prototype;
  commit.settle = around(commit.settle, { after: () => pass('outcome:noted') });
}

function heard<F extends (...words: never[]) => unknown>(method: F, kindOf: (words: Parameters<F>) => ReplyKind): F {
  return around(method, {
    before: (words) => pass(`reply.${kindOf(words)}:before`),
    after: (words) => pass(`reply.${kindOf(words)}:after`),
  });
}

function passAll(kinds: readonly ReplyKind[], step: 'before' | 'after'): void {
  for (const kind of kinds) pass(`reply.${kind}:${step}`);
}

const BY_CODE: ReadonlyMap<number, ReplyKind> = new Map([
  [220, 'greeting'],
  [354, 'DATA'],
  [421, 'closing'],
]);

function kindOfReply({ code, lines }: Reply): ReplyKind[] {
  if (code === 250 && lines.length > 1) return ['EHLO'];
  const kind = BY_CODE.get(code);
  return kind === undefined ? [] : [kind];
}

/** Only EHLO is answered in several lines here. */
function kindOfLine(line: string): ReplyKind[] {
  const [, code = '', more] = /^(\d{3})([ -])/.exec(line) ?? [];
  const isFirst = /^250-\S+ lab$/.test(line);
  return isFirst
    ? ['EHLO']
    : more === '-'
      ? []
      : kindOfReply({ code: Number(code), lines: [''], enhancedStatus: null });
}
