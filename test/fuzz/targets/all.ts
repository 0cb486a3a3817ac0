/** Every parser of what comes from outside, by the name that `npm run fuzz -- --target` takes. */
import type { Target } from '../target.ts';
import { mailbox, namedMailbox } from './addresses.ts';
import { csv, jsonLines } from './audiences.ts';
import { command } from './command.ts';
import { compose } from './compose.ts';
import { ehlo } from './ehlo.ts';
import { calendar, linkToken, listId } from './list-mail.ts';
import { reply } from './reply.ts';
import { cramChallenge, oauthError, preparation, scramMessages } from './sasl.ts';
import { session } from './session.ts';
import { campaign, relays, relayUrl } from './settings.ts';
import { template } from './template.ts';
import { transparency } from './transparency.ts';

export const TARGETS: readonly Target[] = [
  reply,
  ehlo,
  session,
  scramMessages,
  oauthError,
  cramChallenge,
  preparation,
  command,
  mailbox,
  namedMailbox,
  transparency,
  compose,
  calendar,
  listId,
  linkToken,
  relayUrl,
  relays,
  campaign,
  csv,
  jsonLines,
  template,
];

/** @throws RangeError naming those that there are */
export function targetNamed(name: string): Target {
  const found = TARGETS.find((target) => target.name === name);
  if (found !== undefined) return found;
  const names = TARGETS.map((target) => target.name).join(', ');
  throw new RangeError(`Cannot fuzz: found no target ${JSON.stringify(name)}, one of ${names} is wanted`);
}
