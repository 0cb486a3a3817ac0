/**
 * Objects in a bucket. S3 shows a write whole or not at all, and to each reader that begins after it was answered; a name
 * that is written twice is the later content (every write is a version in a bucket of ours, so nothing is lost either).
 */

import { Readable } from 'node:stream';
import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { checkObjectName, checkObjectPrefix, ObjectMissingError, type ObjectStore, ObjectStoreError } from '#mailing';

export interface S3StoreOptions {
  readonly client: S3Client;
  readonly bucket: string;
}

/** What is larger goes up in parts of this size, of which a failed write leaves none. S3 takes 10,000 of them: 78 GiB. */
const PART_OCTETS = 8 * 1024 * 1024;

/** Parts under way at once, which is what a write of any size has in memory. */
const PARTS_AT_ONCE = 2;

/** How often the reading of one object is taken up again where it was cut off. */
const MAX_RESUMPTIONS = 5;

export function openS3Store(options: S3StoreOptions): ObjectStore {
  return new S3Store(options);
}

class S3Store implements ObjectStore {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor({ client, bucket }: S3StoreOptions) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async read(name: string): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.stream(name)) pieces.push(piece);
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
  }

  /** What is read is one version throughout, also where the connection is lost and reading goes on over another. */
  async *stream(name: string): AsyncGenerator<Uint8Array> {
    checkObjectName(name);
    let version: string | undefined;
    let begin = 0;
    for (let resumptions = 0; ; resumptions += 1) {
      const object = await this.#get(name, begin, version);
      version = object.ETag;
      const end = begin + (object.ContentLength ?? 0);
      let cause: unknown;
      try {
        for await (const piece of object.Body as AsyncIterable<Uint8Array>) {
          begin += piece.length;
          yield piece;
        }
        if (begin >= end) return;
      } catch (error) {
        cause = error;
      }
      if (resumptions === MAX_RESUMPTIONS)
        throw new ObjectStoreError('read', name, `it was cut off after ${begin} of ${end} octets`, { cause });
    }
  }

  async has(name: string): Promise<boolean> {
    checkObjectName(name);
    try {
      await this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: name }));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw this.#toObjectError(error, 'look for', name);
    }
  }

  async write(name: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    checkObjectName(name);
    try {
      if (content instanceof Uint8Array && content.length <= PART_OCTETS) {
        await this.#client.send(new PutObjectCommand({ Bucket: this.#bucket, Key: name, Body: content }));
        return;
      }
      const Body = content instanceof Uint8Array ? content : Readable.from(content, { objectMode: false });
      const params = { Bucket: this.#bucket, Key: name, Body };
      await new Upload({ client: this.#client, params, partSize: PART_OCTETS, queueSize: PARTS_AT_ONCE }).done();
    } catch (error) {
      throw this.#toObjectError(error, 'write', name);
    }
  }

  /** One behind the other: an object that is there says that those before it are. */
  async writeAll(objects: readonly (readonly [name: string, content: Uint8Array])[]): Promise<void> {
    for (const [name, content] of objects) await this.write(name, content);
  }

  async list(prefix: string): Promise<string[]> {
    checkObjectPrefix(prefix);
    const names: string[] = [];
    try {
      for (let token: string | undefined; ; ) {
        const page = await this.#client.send(
          new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: prefix, ContinuationToken: token }),
        );
        for (const { Key } of page.Contents ?? []) if (Key !== undefined) names.push(Key);
        token = page.NextContinuationToken;
        if (token === undefined) break;
      }
    } catch (error) {
      throw this.#toObjectError(error, 'list', prefix);
    }
    // S3 sorts by the octets of UTF-8.
    return names.sort();
  }

  async #get(name: string, begin: number, version: string | undefined): Promise<GetObjectCommandOutput> {
    try {
      return await this.#client.send(
        new GetObjectCommand({
          Bucket: this.#bucket,
          Key: name,
          ...(begin > 0 ? { Range: `bytes=${begin}-`, IfMatch: version } : {}),
        }),
      );
    } catch (error) {
      if (isMissing(error)) throw new ObjectMissingError(name, { cause: error });
      throw this.#toObjectError(error, 'read', name);
    }
  }

  /** What the content's own stream throws passes as it is. */
  #toObjectError(error: unknown, action: string, name: string): unknown {
    if (error instanceof ObjectStoreError || error instanceof ObjectMissingError) return error;
    if (!(error instanceof Error) || !isOfClient(error)) return error;
    const known = PROBLEMS[error.name]?.(this.#bucket);
    const said = error instanceof S3ServiceException ? `S3 says ${error.name}: ` : 'S3 cannot be asked: ';
    const problem = known ?? `${said}${error.message}`;
    return new ObjectStoreError(action, name, problem, { cause: error });
  }
}

const PROBLEMS: Readonly<Record<string, (bucket: string) => string>> = {
  NoSuchBucket: (bucket) =>
    `there is no bucket ${JSON.stringify(bucket)} in this account and region; deploy the state stack`,
  AccessDenied: (bucket) => `this role has no right to it; allow it on the bucket ${JSON.stringify(bucket)}`,
  SlowDown: () => 'S3 takes no more requests at the moment; try again later',
};

/** What the client threw, S3's own word or none at all, knows how often it was tried. */
function isOfClient(error: Error): boolean {
  return error instanceof S3ServiceException || '$metadata' in error;
}

/** HEAD has no body that would say more than 404; a missing bucket is told by the other calls. */
function isMissing(error: unknown): boolean {
  return error instanceof S3ServiceException && (error.name === 'NoSuchKey' || error.name === 'NotFound');
}
