/** The guises in which a cell is played. */
import type { Cell } from './cells.ts';
import type { Target } from './moments.ts';
import { isAhead } from './oracle.ts';
import type { Farewell } from './relay.ts';
import type { Scene } from './scene.ts';

const MAIL_STEPS: ReadonlySet<Cell['step']> = new Set<Cell['step']>([
  'MAIL',
  'RCPT',
  'DATA or BDAT',
  'first of content',
  'middle of content',
  'withheld',
  'end of data',
  'half a reply',
  'RSET or idle',
]);

/** Where a server that leaves may have answers left to what came ahead. */
const ANSWERED: ReadonlySet<Cell['step']> = new Set<Cell['step']>([
  'MAIL',
  'RCPT',
  'DATA or BDAT',
  'end of data',
  'RSET or idle',
]);

/** Behind a 421 a server takes nothing more. */
const FAREWELLS: Partial<Record<Cell['fault'], Farewell>> = {
  '421': 'in order',
  '4yz': 'without a word',
  '5yz': 'without a word',
};

const CONTENT_STEPS: ReadonlySet<Cell['step']> = new Set<Cell['step']>([
  'first of content',
  'middle of content',
  'withheld',
]);

/**
 * A mail in the middle is met, with mails before it and behind. Where commands go ahead, replies come each in a segment of
 * its own and many in one, and the mail is small, so that it leaves in one write with others, and large.
 */
export function scenesOf(cell: Cell): readonly Scene[] {
  if (!MAIL_STEPS.has(cell.step)) return [sceneOf(cell, { mails: 1, mail: 0 })];
  // A server that is silent while nothing is asked does nothing wrong.
  const isOfIdle = cell.step === 'RSET or idle' && cell.fault !== 'silence';
  const rests = isOfIdle ? (['RSET', 'idle'] as const) : (['RSET'] as const);
  // Words in advance are such only where the client could not have said anything before it heard them.
  const joints = cell.fault === 'reply in advance' ? [true] : isAhead(cell) ? [false, true] : [false];
  const sizes = isAhead(cell) || CONTENT_STEPS.has(cell.step) ? [false, true] : [false];
  const scenes = rests.flatMap((rest) =>
    joints.flatMap((isJoined) =>
      sizes.map((isLarge) => sceneOf(cell, { ...depthOf(cell, rest), rest, isJoined, isLarge })),
    ),
  );
  return [...scenes, ...variantsOf(cell, scenes)];
}

/**
 * A server that leaves, having answered what it heard or not a word of it; and a client that is too busy to hear what is said
 * while its caller is being asked.
 */
function variantsOf(cell: Cell, scenes: readonly Scene[]): Scene[] {
  const farewell = FAREWELLS[cell.fault];
  if (farewell !== undefined && isAhead(cell) && ANSWERED.has(cell.step)) {
    return scenes.filter(({ target }) => target.rest === 'RSET').map((scene) => ({ ...scene, farewell }));
  }
  // What drips does not arrive while time stands still.
  const isOverheard = cell.step === 'withheld' && cell.fault !== 'drip';
  return isOverheard ? scenes.map((scene) => ({ ...scene, isUnread: true })) : [];
}

/** How many mails there are, which of them is met, and which are waited for before the others are begun. */
function depthOf(
  { mode, step, fault }: Cell,
  rest: Target['rest'],
): { mails: number; mail: number; deepFrom?: number } {
  if (mode === 'PIPELINING') return { mails: 5, mail: 2, deepFrom: 0 };
  if (mode !== 'CHUNKING' || rest === 'idle') return { mails: 3, mail: 1 };
  // Nothing else may be in flight there, whose reply it would be.
  if (step === 'withheld') return { mails: 3, mail: 1 };
  if (fault === 'reply in advance') return { mails: 4, mail: 1, deepFrom: 1 };
  // Four acceptances make a window of five: the mail that is met is the middle one.
  return { mails: 10, mail: 6, deepFrom: 4 };
}

function sceneOf(
  cell: Cell,
  guise: { mails: number; mail: number } & Partial<
    Pick<Scene, 'deepFrom' | 'isJoined' | 'isLarge'> & Pick<Target, 'rest'>
  >,
): Scene {
  const {
    mails,
    mail,
    rest = 'RSET',
    deepFrom = mails,
    isJoined = cell.fault === 'reply in advance',
    isLarge = false,
  } = guise;
  const isToSeveral = cell.mode === 'several recipients';
  const target: Target = { mail, rest, recipient: isToSeveral ? 1 : 0, recipients: isToSeveral ? 3 : 1 };
  return { cell, target, mails, deepFrom, isJoined, isLarge, farewell: 'none', isUnread: false };
}
