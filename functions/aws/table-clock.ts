/**
 * The time by which leases end: the table's own, as its replies say it, so that machines whose clocks differ agree.
 *
 * A reply's Date (RFC 9110 §6.6.1) is in whole seconds and was written before the reply came: what is computed of it is
 * never ahead of the table's clock, and behind it by no more than a second and the reply's way.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Clock } from '#mailing';

export type TableTime = () => number;

const known = new WeakMap<DynamoDBClient, TableTime>();

/** One for each client. Until its first reply has come, the machine's own clock has to do. */
export function tableTimeOf(client: DynamoDBClient, clock: Clock): TableTime {
  const before = known.get(client);
  if (before !== undefined) return before;
  let offset: number | null = null;
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const at = Date.parse(dateOf(result.response) ?? '');
      if (!Number.isNaN(at)) offset = at - clock.monotonic();
      return result;
    },
    { step: 'deserialize', name: 'carteroTableTime', override: true },
  );
  const time = () => (offset === null ? clock.now() : clock.monotonic() + offset);
  known.set(client, time);
  return time;
}

function dateOf(reply: unknown): string | undefined {
  if (typeof reply !== 'object' || reply === null || !('headers' in reply)) return undefined;
  const headers = reply.headers as Readonly<Record<string, string | undefined>>;
  return headers.date ?? headers.Date;
}
