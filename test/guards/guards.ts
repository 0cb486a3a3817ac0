/** The guards: each keeps one promise, and each has tests that fail without it. */
import type { Guard } from './guard.ts';
import { IN_CARE } from './guards-in-care.ts';

const LEDGER = 'functions/local/sqlite-ledger.ts';
const STATEMENTS = 'functions/local/ledger-statements.ts';
const OUTCOME = 'functions/mailing/outcome.ts';
const GROUP_COMMIT = 'functions/mailing/group-commit.ts';
const SENDER = 'functions/mailing/sender.ts';
const DUE_WORK = 'functions/mailing/due-work.ts';
const POOL = 'functions/smtp/pool.ts';
const RUNS = 'functions/mailing/runs.ts';

const OF_LEDGER = ['test/local/sqlite-ledger.test.ts'];
const OF_PROTOCOL = ['test/simulation/simulation.test.ts'];
const OF_SENDER = ['test/mailing/sender.test.ts', 'test/mailing/sender-faults.test.ts'];

const ADVANCE = 'AND fence = ? AND rev = ? AND holder = ?\n    RETURNING *';

const IN_LEDGER: readonly Guard[] = [
  {
    name: 'fence',
    file: STATEMENTS,
    source: ADVANCE,
    replacement: ADVANCE.replace('fence = ?', 'fence >= 0 * ?'),
    tests: OF_LEDGER,
  },
  {
    name: 'rev',
    file: STATEMENTS,
    source: ADVANCE,
    replacement: ADVANCE.replace('rev = ?', 'rev >= 0 * ?'),
    tests: OF_LEDGER,
  },
  {
    name: 'holder',
    file: STATEMENTS,
    source: ADVANCE,
    replacement: ADVANCE.replace('holder = ?', "holder > '' || substr(?, 1, 0)"),
    tests: OF_LEDGER,
  },
  {
    name: 'fence rises with each claim',
    file: STATEMENTS,
    source: 'hold: `UPDATE batch SET fence = fence + 1,',
    replacement: 'hold: `UPDATE batch SET fence = fence,',
    tests: OF_LEDGER,
  },
  {
    name: 'lock held by the living',
    file: LEDGER,
    source: '(lease.holder !== null && this.#lock.isAlive(lease.holder))',
    replacement: 'false',
    tests: OF_LEDGER,
  },
  {
    name: 'closed batches stay closed',
    file: LEDGER,
    source: 'if (lease.closed || (',
    replacement: 'if ((',
    tests: OF_LEDGER,
  },
  {
    name: 'plan complete before a claim',
    file: LEDGER,
    source: 'if (plan === null && batch !== 0)',
    replacement: 'if (false)',
    tests: OF_LEDGER,
  },
  {
    name: "plan's counts are the ledger's",
    file: LEDGER,
    source: 'if (batches !== plan.batches || recipients !== plan.recipients)',
    replacement: 'if (false)',
    tests: OF_LEDGER,
  },
  {
    name: 'no batch beyond the plan',
    file: LEDGER,
    source: "if (plan !== null) throw new IllegalMoveError(action, 'its plan is complete without it');",
    replacement: '',
    tests: OF_LEDGER,
  },
  {
    name: 'a dead intent is doubted',
    file: LEDGER,
    source: 'this.#sql.doubt.run({ batch: number, now, resendAt: now + RESEND_AFTER_MS });',
    replacement: '',
    tests: OF_LEDGER,
  },
  {
    name: 'deferred ones expire',
    file: LEDGER,
    source: 'if (now >= expiry) this.#sql.expire.run({ batch: number, now });',
    replacement: '',
    tests: OF_LEDGER,
  },
  {
    name: 'doubt withdrawn at a claim',
    file: LEDGER,
    source: "if (policy !== 'resend') this.#sql.withdraw.run({ batch: number });",
    replacement: '',
    tests: OF_LEDGER,
  },
  {
    name: 'retry refuses held batches',
    file: LEDGER,
    source: "if (batches.some(({ holder }) => lives(holder))) throw new IllegalMoveError(action, 'it is being sent');",
    replacement: '',
    tests: OF_LEDGER,
  },
  {
    name: 'attempts in their order',
    file: 'functions/mailing/legal-moves.ts',
    source: 'if (!counted.includes(attempt)) {',
    replacement: 'if (false) {',
    tests: OF_LEDGER,
  },
  {
    name: 'hold and skip never send again',
    file: OUTCOME,
    source: "return state !== 'uncertain' || policy !== 'resend';",
    replacement: "return state !== 'uncertain';",
    tests: OF_LEDGER,
  },
  {
    name: 'no acceptance without an intent',
    file: OUTCOME,
    source: "  'intended',\n  'refused',",
    replacement: "  'intended',\n  'accepted',\n  'refused',",
    tests: OF_LEDGER,
  },
  {
    name: 'a commit is whole',
    file: LEDGER,
    source: "if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK');",
    replacement: "if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('COMMIT');",
    tests: OF_LEDGER,
  },
];

const IN_SENDER: readonly Guard[] = [
  {
    name: 'intent before the indicator',
    file: SENDER,
    source: 'await work.batch.commit.intend({',
    replacement: 'void work.batch.commit.intend({',
    tests: OF_PROTOCOL,
  },
  {
    name: 'intent durable when it resolves',
    file: GROUP_COMMIT,
    source: 'this.#intended.push(intent);\n    return this.#schedule();',
    replacement: 'this.#intended.push(intent);\n    void this.#schedule();\n    return Promise.resolve();',
    tests: ['test/mailing/group-commit.test.ts', ...OF_PROTOCOL],
  },
  {
    name: 'one commit in flight',
    file: GROUP_COMMIT,
    source: 'await previous.catch(() => {});',
    replacement: 'void previous.catch(() => {});',
    tests: ['test/mailing/group-commit.test.ts'],
  },
  {
    name: 'nothing after a failed commit',
    file: GROUP_COMMIT,
    source: 'if (this.#failure !== null) return Promise.reject(this.#failure);',
    replacement: '',
    tests: ['test/mailing/group-commit.test.ts', ...OF_PROTOCOL],
  },
  {
    name: 'suppression behind the intent',
    file: SENDER,
    source: 'isShut = await this.#gate.isShut(work.delivery.recipient);',
    replacement: 'isShut = false;',
    tests: ['test/mailing/suppression.test.ts', 'test/cli/suppress.test.ts', ...OF_PROTOCOL],
  },
  {
    name: 'an unused intent is settled',
    file: SENDER,
    source: 'if (intended) {',
    replacement: 'if (false) {',
    tests: [...OF_SENDER, ...OF_PROTOCOL],
  },
  {
    name: 'earlier outcomes before an intent',
    file: SENDER,
    source: 'const earlier = this.#due.outcomesBesides(work.batch);',
    replacement: 'const earlier = null as Promise<void> | null;',
    tests: OF_PROTOCOL,
  },
  {
    name: 'a dead session keeps its place',
    file: POOL,
    source: 'if (link.begun > 0) this.#ending.add(link);',
    replacement: '',
    tests: OF_PROTOCOL,
  },
  {
    name: 'results where a commit fails',
    file: DUE_WORK,
    source: '} else await this.#release(batch).catch(() => {});',
    replacement: '} else await this.#ports.ledger.release({ run, batch: number, fence }).catch(() => {});',
    tests: OF_PROTOCOL,
  },
  {
    name: 'results before release',
    file: DUE_WORK,
    source: 'await writeResults(objects, ledger, run, batch);\n    await ledger.release({ run, batch, fence });',
    replacement: 'await ledger.release({ run, batch, fence });\n    await writeResults(objects, ledger, run, batch);',
    tests: [...OF_SENDER, ...OF_PROTOCOL],
  },
  {
    name: 'release after the last outcome',
    file: DUE_WORK,
    source: 'try {\n      await batch.commit.flush();',
    replacement: 'try {\n      batch.commit.flush().catch(() => {});',
    tests: [...OF_SENDER, ...OF_PROTOCOL],
  },
  {
    name: 'a cancelled run ends',
    file: 'functions/mailing/control.ts',
    source: 'if (claim !== null) await ledger.release(claim);',
    replacement: '',
    tests: ['test/mailing/control.test.ts'],
  },
  {
    name: "batch 0 is the planner's",
    file: RUNS,
    source: 'if (claim !== null) {\n      try {',
    replacement: 'if (true) {\n      try {',
    tests: ['test/mailing/runs.test.ts'],
  },
  {
    name: 'a frozen copy has its hash',
    file: 'functions/mailing/frozen.ts',
    source: "if (seen.digest('hex') !== hash) throw new ChangedWhileReadError(file);",
    replacement: '',
    tests: ['test/mailing/frozen.test.ts'],
  },
  {
    name: "an earlier planning's batch holds",
    file: 'functions/mailing/batch-file.ts',
    source: 'const isThere = await objects.has(name);',
    replacement: 'const isThere = false;',
    tests: ['test/mailing/runs.test.ts', 'test/mailing/planner.test.ts'],
  },
];

const IN_ENGINE: readonly Guard[] = [
  {
    name: 'RSET behind each mail',
    file: 'functions/smtp/advance.ts',
    source: "let text = isFirst ? '' : this.line(RSET);",
    replacement: "let text = '';",
    tests: ['test/smtp/pipelining.test.ts', 'test/smtp/chunking.test.ts'],
  },
  {
    name: 'RSET after a refusal',
    file: 'functions/smtp/lockstep.ts',
    source: 'if (!(await this.#rcpts())) return this.#reset();',
    replacement: 'if (!(await this.#rcpts())) return;',
    tests: ['test/smtp/conversations.test.ts', ...OF_PROTOCOL],
  },
  {
    name: 'plaintext before TLS is forgotten',
    file: 'functions/smtp/dialogue.ts',
    source: "if (typeof this.#greeting === 'object' || this.#parser.pendingOctets > 0)",
    replacement: 'if (false)',
    tests: ['test/smtp/starttls.test.ts', 'test/smtp/tls.test.ts', 'test/smtp/early-reply.test.ts'],
  },
  {
    name: 'no secrets without TLS',
    file: 'functions/smtp/settings.ts',
    source: "if (settings.security === 'none') {",
    replacement: 'if (false) {',
    tests: ['test/smtp/opening.test.ts', 'test/smtp/tls.test.ts'],
  },
  {
    name: "SCRAM: the server's signature",
    file: 'functions/smtp/sasl/scram.ts',
    source: 'if (signature.length !== expected.length || !timingSafeEqual(signature, expected))',
    replacement: 'if (false)',
    tests: ['test/smtp/sasl/scram.test.ts'],
  },
  {
    name: 'transparency across pieces',
    file: 'functions/smtp/transparency.ts',
    source: 'const beginsWithDot = line.isEmpty && facts.first === DOT;',
    replacement: 'const beginsWithDot = false;',
    tests: ['test/smtp/transparency.test.ts'],
  },
  {
    name: 'no bare CR between pieces',
    file: 'functions/smtp/transparency.ts',
    source: 'if (this.#endsInCr && facts.first !== LF) throw fault(BARE_CR, offset - 1);',
    replacement: '',
    tests: ['test/smtp/transparency.test.ts'],
  },
  {
    name: 'no CR or LF in a command',
    file: 'functions/smtp/command.ts',
    source: 'if (!isAscii && !(options.smtpUtf8 === true && UTF8_LINE.test(line))) {',
    replacement: 'if (false) {',
    tests: ['test/smtp/command.test.ts'],
  },
  {
    name: 'no control octet in a header',
    file: 'functions/mime/header.ts',
    source: 'if (unfit !== undefined) {',
    replacement: 'if (false) {',
    tests: ['test/mime/header.test.ts'],
  },
  {
    name: 'no 8-bit where it is not taken',
    file: 'functions/smtp/envelope.ts',
    source: "if (!extensions.has('8BITMIME')) {",
    replacement: 'if (false) {',
    tests: ['test/smtp/envelope.test.ts', 'test/smtp/threats/eight-bit.test.ts'],
  },
  {
    name: 'a no to the release cuts',
    file: 'functions/smtp/lockstep.ts',
    source: 'if (mayLeave !== true) throw this.#withheld();',
    replacement: '',
    tests: ['test/smtp/transaction.test.ts'],
  },
  {
    name: 'unasked replies are heard first',
    file: 'functions/smtp/lockstep.ts',
    source: 'await this.#dialogue.hear();\n  }\n\n  async #endOfData()',
    replacement: '}\n\n  async #endOfData()',
    tests: ['test/smtp/early-reply.test.ts', 'test/smtp/threats/replies-in-advance.test.ts'],
  },
  {
    name: 'a misled server gets no mail',
    file: 'functions/smtp/pipelining.ts',
    source: 'if (reckoning.isMisled) return this.#dialogue.fail(reckoning.misled());',
    replacement: '',
    tests: ['test/smtp/pipelining.test.ts'],
  },
  {
    name: 'names of certificates',
    file: 'functions/smtp/wire.ts',
    source: "return checkServerIdentity(name, { ...certificate, subject: { ...certificate.subject, CN: '' } });",
    replacement: 'return undefined;',
    tests: ['test/smtp/tls.test.ts', 'test/smtp/tls-resumption.test.ts'],
  },
];

export const GUARDS: readonly Guard[] = [...IN_LEDGER, ...IN_SENDER, ...IN_CARE, ...IN_ENGINE];
