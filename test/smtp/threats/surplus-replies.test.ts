/**
 * A reply too many makes every later reply another command's. Wherever it is put in, nobody is taken for accepted whose mail
 * the server has not got whole, and the connection is over. Where commands go ahead of their replies by BDAT, codes alone do
 * not tell a reply from its neighbour: there it is found when more replies have come than were asked for.
 */
import { describe, expect, it } from 'vitest';
import { settled } from '../memory-wire.ts';
import { send } from '../sessions.ts';
import { MODES, readingServer } from './reading-server.ts';

const EHLO = 'EHLO client.example.com';
const SURPLUS = ['250 2.0.0 surplus\r\n', '250-2.0.0 sur\r\n250 2.0.0 plus\r\n', '354 go ahead\r\n', '250'];
const PEOPLE = ['a@example.org', 'b@example.org', 'c@example.org'];
/** The commands of three mails, in order; with CHUNKING there is no DATA. */
const PLACES: readonly (readonly [command: string, nth: number])[] = [
  ['greeting', 1],
  [EHLO, 1],
  ...[1, 2, 3].flatMap((nth) => [
    ...(nth === 1 ? [] : [['RSET', nth - 1] as const]),
    ['MAIL FROM:<news@example.com>', nth] as const,
    [`RCPT TO:<${PEOPLE[nth - 1]}>`, 1] as const,
    ['DATA', nth] as const,
    ['.', nth] as const,
  ]),
];

describe.each(MODES)('a surplus reply, %s', (mode) => {
  const places = PLACES.filter(([command]) => !(mode === 'chunking' && command === 'DATA'));
  const inLockstep = places.filter(([command]) => !(mode === 'lockstep' && command === 'RSET'));

  describe.each(['along', 'after'] as const)('in the %s segment', (where) => {
    it.each(inLockstep)('behind the reply to %s, number %i', async (command, nth) => {
      for (const surplus of SURPLUS) {
        let count = 0;
        const server = readingServer(mode, {
          behind: (heard) => {
            if (heard === command) count += 1;
            return heard === command && count === nth ? { [where]: surplus } : {};
          },
        });
        const accepted = await acceptedOf(server);
        const taken = server.taken.flatMap(({ forwardPaths }) => forwardPaths);
        expect(accepted.filter((person) => !taken.includes(person))).toEqual([]);
        expect(accepted.length).toBeLessThanOrEqual(mode === 'chunking' ? PEOPLE.length : overBefore(command, nth));
        expect(server.wire.closed).toBe('destroyed');
        expect(server.time.pending).toBe(0);
      }
    });
  });
});

/** How many mails are over when the command is answered: what was known before the surplus stays known. */
function overBefore(command: string, nth: number): number {
  const named = PEOPLE.findIndex((person) => command.includes(person));
  if (command === 'greeting' || command === EHLO) return 0;
  if (named !== -1) return named;
  return command === 'RSET' || command === '.' ? nth : nth - 1;
}

/** Sends three mails as fast as the session takes them. @returns to whom they were accepted */
async function acceptedOf(server: ReturnType<typeof readingServer>): Promise<string[]> {
  const session = await server.open().catch(() => null);
  if (session === null) return [];
  const sent: Promise<string[]>[] = [];
  for (const person of PEOPLE) {
    if (!(await session.ready())) break;
    const result = send(session, { forwardPaths: [person] });
    sent.push(result.then(({ recipients }) => (recipients[0]?.outcome === 'accepted' ? [person] : [])));
  }
  const accepted = (await Promise.all(sent)).flat();
  await settled();
  const { heard } = server.wire;
  expect((await send(session)).recipients).toMatchObject([{ outcome: 'unsent' }]);
  expect(server.wire.heard).toBe(heard);
  return accepted;
}
