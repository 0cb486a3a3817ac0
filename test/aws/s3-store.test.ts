/** Objects in a bucket, on fauxqs: the contract, and what happens on the way. */
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { buildApp } from 'fauxqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openS3Store } from '#aws/s3';
import { ObjectMissingError, type ObjectStore, ObjectStoreError } from '#mailing';
import { describeObjectStore } from '../ports/object-store.contract.ts';

const MIB = 1024 * 1024;
let app: ReturnType<typeof buildApp>;
let endpoint: string;
let buckets = 0;

beforeAll(async () => {
  app = buildApp({ logger: false });
  endpoint = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => app.close());

function clientOf(url: string): S3Client {
  return new S3Client({
    endpoint: url,
    region: 'eu-south-2',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    forcePathStyle: true,
    maxAttempts: 2,
  });
}

async function newBucket(): Promise<{ client: S3Client; bucket: string }> {
  buckets += 1;
  const bucket = `bucket-${buckets}`;
  const client = clientOf(endpoint);
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return { client, bucket };
}

describeObjectStore('S3Store', async () => {
  const { client, bucket } = await newBucket();
  return { store: openS3Store({ client, bucket }), remove: async () => client.destroy() };
});

/** Octets that differ everywhere, so that a part in the wrong place is seen. */
function octets(length: number): Buffer {
  const content = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4) content.writeUInt32BE(Math.imul(at + 1, 2_654_435_761) >>> 0, at);
  return content;
}

async function* inPieces(content: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

describe('S3Store', () => {
  test.each([8 * MIB, 8 * MIB + 1, 21 * MIB])(
    'writes %i octets, whole or in pieces, and reads them',
    { timeout: 60_000 },
    async (length) => {
      const store = openS3Store(await newBucket());
      const content = octets(length);
      await store.write('whole', content);
      await store.write('pieces', inPieces(content, 700_001));
      for (const name of ['whole', 'pieces']) expect(Buffer.from(await store.read(name)).equals(content)).toBe(true);
    },
  );

  test('a write that fails between two parts leaves neither object nor parts', async () => {
    const { client, bucket } = await newBucket();
    const store = openS3Store({ client, bucket });
    const content = (async function* () {
      yield octets(9 * MIB);
      throw new Error('the source broke');
    })();
    await expect(store.write('large', content)).rejects.toThrow('the source broke');
    expect(await store.has('large')).toBe(false);
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    expect(Uploads).toEqual([]);
  });

  test('lists more than one page of names', async () => {
    const store = openS3Store(await newBucket());
    const names = Array.from({ length: 1100 }, (_, index) => `many/${String(index).padStart(4, '0')}`);
    for (let at = 0; at < names.length; at += 50)
      await Promise.all(names.slice(at, at + 50).map((name) => store.write(name, Buffer.from(name))));
    expect(await store.list('many/')).toEqual(names);
  });

  test('says what to change where there is no such bucket', async () => {
    const store = openS3Store({ client: clientOf(endpoint), bucket: 'nowhere' });
    const write = store.write('a', Buffer.from('x'));
    await expect(write).rejects.toThrow(ObjectStoreError);
    await expect(write).rejects.toThrow('Cannot write "a": there is no bucket "nowhere"');
    await expect(store.list('')).rejects.toThrow('Cannot list "": there is no bucket "nowhere"');
  });

  test('says so where nobody answers', async () => {
    const store = openS3Store({ client: clientOf('http://127.0.0.1:1'), bucket: 'any' });
    const works = [
      () => store.read('a'),
      () => store.has('a'),
      () => store.write('a', Buffer.from('x')),
      () => store.write('a', inPieces(octets(100), 10)),
      () => store.list(''),
    ];
    for (const work of works) {
      await expect(work()).rejects.toThrow(ObjectStoreError);
      await expect(work()).rejects.toThrow('S3 cannot be asked: connect ECONNREFUSED');
    }
  });
});

/** Stands between client and store, and cuts what objects come back after so many octets. */
class CuttingProxy {
  readonly #server: Server;
  /** For each GET of an object in turn; none left: nothing is cut. */
  cuts: number[] = [];
  readonly ranges: (string | undefined)[] = [];

  constructor(target: string) {
    this.#server = createServer((incoming, outgoing) => {
      const { method, url, headers } = incoming;
      const isObject = method === 'GET' && /^\/[^/?]+\/[^/?]/.test(url ?? '');
      const cut = isObject ? this.cuts.shift() : undefined;
      if (isObject) this.ranges.push(headers.range);
      const onward = request(`${target}${url}`, { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        let sent = 0;
        answer.on('data', (piece: Buffer) => {
          const left = (cut ?? Number.POSITIVE_INFINITY) - sent;
          sent += piece.length;
          if (piece.length < left) outgoing.write(piece);
          else outgoing.write(piece.subarray(0, left), () => outgoing.destroy());
        });
        answer.on('end', () => outgoing.end());
      });
      onward.on('error', () => outgoing.destroy());
      incoming.pipe(onward);
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

describe('reading that is cut off', () => {
  const content = octets(3 * MIB);
  let proxy: CuttingProxy;
  let store: ObjectStore;
  let direct: ObjectStore;

  beforeAll(async () => {
    proxy = new CuttingProxy(endpoint);
    const { client, bucket } = await newBucket();
    direct = openS3Store({ client, bucket });
    store = openS3Store({ client: clientOf(await proxy.open()), bucket });
  });
  afterAll(() => proxy.close());

  test('goes on where it ended', async () => {
    await direct.write('object', content);
    proxy.cuts = [1_000_000, 5, MIB];
    proxy.ranges.length = 0;
    expect(Buffer.from(await store.read('object')).equals(content)).toBe(true);
    expect(proxy.ranges).toEqual([undefined, 'bytes=1000000-', 'bytes=1000005-', `bytes=${1_000_005 + MIB}-`]);
  });

  test('is given up after five times', async () => {
    await direct.write('object', content);
    proxy.cuts = Array.from({ length: 6 }, () => 10);
    await expect(store.read('object')).rejects.toThrow(ObjectStoreError);
    expect(proxy.cuts).toEqual([]);
  });

  test('never goes on with another content', async () => {
    await direct.write('object', content);
    proxy.cuts = [100_000];
    const reading = store.stream('object')[Symbol.asyncIterator]();
    await reading.next();
    await direct.write('object', Buffer.from(content).reverse());
    const rest = (async () => {
      for (let step = await reading.next(); step.done !== true; step = await reading.next());
    })();
    await expect(rest).rejects.toThrow(ObjectStoreError);
  });

  test('says that an object is missing', async () => {
    await expect(store.read('nothing')).rejects.toThrow(ObjectMissingError);
  });
});
