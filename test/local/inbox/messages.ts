/** Messages put into an inbox without a server. */
import type { InboxStore, ReceptionFacts, ServerConversation } from '../../../functions/local/inbox/mod.ts';

const CONVERSATION: ServerConversation = {
  opening: [{ at: 1_000, by: 'server', text: '220 hi' }],
  transaction: [{ at: 1_002, by: 'client', text: 'DATA' }],
};

const FACTS: ReceptionFacts = {
  at: Date.UTC(2026, 10, 24, 12),
  reversePath: 'from@example.com',
  forwardPaths: ['to@example.org'],
  session: { id: 's', client: '127.0.0.1', clientName: 'client.example', tls: null, user: null },
};

export async function addMessage(
  store: InboxStore,
  octets: Uint8Array,
  facts: Partial<ReceptionFacts> = {},
  conversation = CONVERSATION,
): Promise<number> {
  const incoming = await store.receive();
  await incoming.write(octets);
  return (await incoming.commit({ ...FACTS, ...facts }, conversation)).id;
}

export function mail(...lines: string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\r\n`).join(''));
}
