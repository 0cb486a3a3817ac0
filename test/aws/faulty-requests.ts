/** What stands between a client and the table, and does to requests and replies what networks and throttled tables do. */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { clientOf, endpoint } from './ledger-table.ts';

/**
 * `pass`: nothing happens to it. `lost`: it is done, and the connection ends before the reply. `refused`: it does not
 * arrive. `throttled`: the table says that it is too much. `silent`: it is done, and no reply ever comes.
 */
export type Fate = 'pass' | 'lost' | 'refused' | 'throttled' | 'silent';

export interface SeenRequest {
  /** As `UpdateItem`. */
  readonly action: string;
  readonly isWrite: boolean;
  /** From 1. */
  readonly number: number;
  readonly body: string;
}

const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem']);
const THROTTLED = JSON.stringify({
  __type: 'com.amazon.coral.availability#ThrottlingException',
  message: 'Rate exceeded',
});

export class FaultyRequests {
  /** Asked for each request in turn. */
  fateOf: (seen: SeenRequest) => Fate = () => 'pass';
  readonly seen: SeenRequest[] = [];
  readonly #server: Server;
  #client: DynamoDBClient | null = null;

  /** Once it is open. */
  get client(): DynamoDBClient {
    if (this.#client === null) throw new Error('it is not open');
    return this.#client;
  }

  constructor() {
    this.#server = createServer((incoming, outgoing) => void this.#meet(incoming, outgoing));
  }

  async open(): Promise<DynamoDBClient> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.#client = clientOf({ endpoint: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}` });
    return this.#client;
  }

  close(): void {
    this.#client?.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #meet(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of incoming) pieces.push(piece);
    const body = Buffer.concat(pieces).toString();
    const action = String(incoming.headers['x-amz-target']).split('.').at(-1) ?? '';
    const seen = { action, isWrite: WRITES.has(action), number: this.seen.length + 1, body };
    this.seen.push(seen);
    const fate = this.fateOf(seen);
    if (fate === 'refused') outgoing.destroy();
    else if (fate === 'throttled')
      outgoing.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end(THROTTLED);
    else this.#passOn(incoming, body, outgoing, fate);
  }

  #passOn(incoming: IncomingMessage, body: string, outgoing: ServerResponse, fate: Fate): void {
    const { method, headers } = incoming;
    const onward = request(`${endpoint}${incoming.url}`, { method, headers }, (reply) => {
      const pieces: Buffer[] = [];
      reply.on('data', (piece: Buffer) => pieces.push(piece));
      reply.on('end', () => {
        if (fate === 'pass') outgoing.writeHead(reply.statusCode ?? 500, reply.headers).end(Buffer.concat(pieces));
        if (fate === 'lost') outgoing.destroy();
      });
    });
    onward.on('error', () => outgoing.destroy());
    onward.end(body);
  }
}

/** The first try of each write is done and its reply lost; every third request is throttled once before it is heard. */
export function unkind(): (seen: SeenRequest) => Fate {
  const tried = new Set<string>();
  return ({ isWrite, number, body }) => {
    if (number % 3 === 0) return 'throttled';
    if (!isWrite || tried.has(body)) return 'pass';
    tried.add(body);
    return 'lost';
  };
}
