/** Guards of what befalls whole runs: mails that end their process, starts at once, octets that are kept, mails of a day. */
import type { Guard } from './guard.ts';

export const IN_CARE: readonly Guard[] = [
  {
    name: 'current before a mail is made',
    file: 'functions/mailing/due-work.ts',
    source: 'await batch.commit.makeCurrent(delivery.index);',
    replacement: 'void batch.commit.makeCurrent(delivery.index);',
    tests: ['test/simulation/simulation.test.ts'],
  },
  {
    name: 'three deaths before a quarantine',
    file: 'functions/mailing/poison.ts',
    source: 'count >= QUARANTINED_AFTER',
    replacement: 'count > 0',
    tests: ['test/local/sqlite-ledger.test.ts'],
  },
  {
    name: 'what was given back is no crash',
    file: 'functions/mailing/poison.ts',
    source: 'Math.max(record.crashes - 1, 0)',
    replacement: 'record.crashes',
    tests: ['test/local/sqlite-ledger.test.ts'],
  },
  {
    name: 'an outcome forgets the deaths',
    file: 'functions/local/delivery-moves.ts',
    source: 'const isToForget = isProgress &&',
    replacement: 'const isToForget = false &&',
    tests: ['test/local/sqlite-ledger.test.ts'],
  },
  {
    name: 'octets kept before the intent',
    file: 'functions/mailing/sender.ts',
    source: 'await archive.keep({',
    replacement: 'void archive.keep({',
    tests: ['test/mailing/archive.test.ts'],
  },
  {
    name: 'a day is counted at the indicator',
    file: 'functions/mailing/sender.ts',
    source: '!(await permit.use())',
    replacement: 'permit === undefined',
    tests: ['test/mailing/warm-up-run.test.ts', 'test/mailing/warm-up.test.ts'],
  },
  {
    name: 'two starts at once are one run',
    file: 'functions/mailing/look-back.ts',
    source: 'run.id === runIdOf(cause) || ',
    replacement: '',
    tests: ['test/simulation/simulation.test.ts'],
  },
  {
    name: 'a lock may be about to be taken',
    file: 'functions/local/process-lock.ts',
    source: 'now - made > UNNAMED_FOR_MS',
    replacement: 'now > 0',
    tests: ['test/local/process-lock.test.ts'],
  },
];
