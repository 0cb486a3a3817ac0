/** A session that does what a test says, one mail at a time, and asks for the release only where the test does. */
import { parseExtensions, type RecipientResult, type Session } from '#smtp';

/** What becomes of a mail. A result that is an error ends the session; so does `isOver`. */
export type Script = (
  to: string,
  release: () => Promise<boolean>,
  content: () => string,
) => Promise<RecipientResult & { readonly isOver?: boolean }>;

/** @param onEnd called once, when the session is over */
export function scriptedSession(script: Script, onEnd: () => void = () => {}): Session {
  let transactions = 0;
  let usable = true;
  let underWay = 0;
  const end = () => {
    if (usable) onEnd();
    usable = false;
  };
  return {
    extensions: parseExtensions({ code: 250, lines: ['ready'], enhancedStatus: null }),
    peer: null,
    get usable() {
      return usable;
    },
    get transactions() {
      return transactions;
    },
    mode: 'lockstep',
    get underWay() {
      return underWay;
    },
    get room() {
      return usable && underWay === 0 ? 1 : 0;
    },
    ready: async () => usable,
    transact: async ({ forwardPaths }, { pieces }, { release }) => {
      transactions += 1;
      underWay += 1;
      const content = () => Buffer.concat(pieces).toString();
      const { isOver = false, ...result } = await script(forwardPaths[0] ?? '', release, content);
      underWay -= 1;
      const error = 'error' in result ? result.error : null;
      if (isOver || error !== null) end();
      return { recipients: [result as RecipientResult], error };
    },
    quit: async () => end(),
    destroy: end,
  };
}
