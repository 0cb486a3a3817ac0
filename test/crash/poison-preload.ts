/**
 * For `node --import`: kills the process by SIGKILL whenever the variable `name` of one recipient's mail is read, as a
 * template does that makes the engine fail. POISON names the recipient.
 */
import { MailComposer } from '../../functions/mailing/mail.ts';

const { POISON } = process.env;
const composer = MailComposer.prototype;
const { compose } = composer;
composer.compose = function (row) {
  if (row.recipient !== POISON) return compose.call(this, row);
  const fields = Object.defineProperty({ ...row.fields }, 'name', {
    enumerable: true,
    get: () => {
      process.kill(process.pid, 'SIGKILL');
      // The signal is delivered before the call returns; whatever happens, nothing more is done.
      for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    },
  });
  return compose.call(this, { ...row, fields });
};
