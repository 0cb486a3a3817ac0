/** A session whose end is told. */
import type { Session, SmtpError } from '#smtp';

/**
 * The same session.
 * @param onEnd called once: with why it was lost, and whose mails were under way then; or with `null` where it was closed
 */
export function watchSession(
  session: Session,
  onEnd: (error: SmtpError | null, recipients: readonly string[]) => void,
): Session {
  const underWay = new Set<readonly string[]>();
  let isOver = false;
  const over = (error: SmtpError | null) => {
    if (!isOver) onEnd(error, [...underWay].flat());
    isOver = true;
  };
  return {
    extensions: session.extensions,
    peer: session.peer,
    mode: session.mode,
    get usable() {
      return session.usable;
    },
    get transactions() {
      return session.transactions;
    },
    get underWay() {
      return session.underWay;
    },
    get room() {
      return session.room;
    },
    ready: () => session.ready(),
    transact: async (envelope, data, options) => {
      const { forwardPaths } = envelope;
      underWay.add(forwardPaths);
      try {
        const result = await session.transact(envelope, data, options);
        if (result.error !== null) over(result.error);
        return result;
      } finally {
        underWay.delete(forwardPaths);
      }
    },
    quit: async () => {
      await session.quit();
      over(null);
    },
    destroy: () => {
      session.destroy();
      over(null);
    },
  };
}
