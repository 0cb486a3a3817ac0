/**
 * A run's own copy of its campaign. Contents lie under their hash, so that two runs share what did not change; the
 * manifest says which file of the campaign had which content. A folder that changes afterwards changes no run.
 */
import { createHash } from 'node:crypto';
import {
  CAMPAIGN_FILE,
  type CampaignSource,
  type FileTree,
  isTemplate,
  type LoadedCampaign,
} from './campaign-source.ts';
import { FieldDigest, sha256, sha256OfStream } from './digest.ts';
import { ObjectMissingError, type ObjectStore, type RunRecord } from './ports.ts';
import { templateFilesOf } from './template-files.ts';

/** The list of recipients, as a file that can be read more than once. */
export interface AudienceFile {
  /** Its name tells its form: `.csv` or `.jsonl`, with `.gz` where it is compressed. */
  readonly name: string;
  /** Tells two files of one name apart: the absolute path. Default: the name. */
  readonly identity?: string;
  open(): AsyncIterable<Uint8Array>;
}

export interface Manifest {
  readonly version: 1;
  readonly campaign: string;
  readonly location: string;
  readonly identity: string;
  /** Path inside the campaign folder → SHA-256 of its content. Per-recipient files are named by the batches instead. */
  readonly files: Readonly<Record<string, string>>;
  /** The same of `_layouts` and `_partials`. */
  readonly shared: Readonly<Record<string, string>>;
  readonly audience: { readonly name: string; readonly content: string };
}

/** Hashes everything that makes the campaign what it is. Reads the audience once, in constant memory. */
export async function describeCampaign(
  { source, campaign }: LoadedCampaign,
  audience: AudienceFile,
): Promise<Manifest> {
  const named = [
    ...campaign.attachments.filter(({ object }) => !isTemplate(object)).map(({ object }) => object),
    ...campaign.inline.map(({ object }) => object),
  ];
  return {
    version: 1,
    campaign: source.name,
    location: source.location,
    identity: source.identity,
    files: await hashesOf(source.files, [CAMPAIGN_FILE, ...(await templateFilesOf(source.files)), ...named]),
    shared: await hashesOf(source.shared, [
      ...(await source.shared.list('_layouts/')),
      ...(await source.shared.list('_partials/')),
    ]),
    audience: { name: audience.name, content: await sha256OfStream(audience.open()) },
  };
}

async function hashesOf(tree: FileTree, names: readonly string[]): Promise<Record<string, string>> {
  // Without prototype: a file may be called __proto__.
  const hashes: Record<string, string> = Object.create(null);
  for (const name of [...new Set(names)].sort()) {
    if (await tree.has(name)) hashes[name] = await sha256OfStream(tree.stream(name));
  }
  return hashes;
}

/** One hash over the manifest's contents: the same campaign to the same people. Where it lies does not count. */
export function contentHashOf(manifest: Manifest): string {
  const digest = new FieldDigest().add(manifest.campaign);
  for (const tree of [manifest.files, manifest.shared]) {
    digest.add('tree');
    for (const [name, content] of Object.entries(tree)) digest.add(name, content);
  }
  return digest.add('audience', formOf(manifest.audience.name), manifest.audience.content).hex();
}

/** What of an audience's name changes how it is read. */
function formOf(name: string): string {
  return /\.[a-z]+(\.gz)?$/i.exec(name)?.[0].toLowerCase() ?? '';
}

/** Names of what differs between two manifests, for a warning. */
export function changedFiles(frozen: Manifest, live: Manifest): string[] {
  const changed: string[] = [];
  for (const tree of ['files', 'shared'] as const) {
    for (const name of new Set([...Object.keys(frozen[tree]), ...Object.keys(live[tree])])) {
      if (frozen[tree][name] !== live[tree][name]) changed.push(name);
    }
  }
  if (frozen.audience.content !== live.audience.content) changed.push(live.audience.name);
  return changed;
}

/** A run, and the content that it was made of. */
export type RunContent = Pick<RunRecord, 'id' | 'contentHash'>;

const contentName = (hash: string) => `content/${hash}`;
/** By content, so that a planning that was given up leaves nothing to the next one. */
const manifestName = ({ id, contentHash }: RunContent) => `runs/${id}/${contentHash.slice(0, 10)}/campaign.json`;

/** A file changed between being hashed and being copied. */
export class ChangedWhileReadError extends Error {
  readonly code = 'ERR_CHANGED_WHILE_READ';
  constructor(file: string) {
    super(`Cannot freeze ${JSON.stringify(file)}: it changed while it was being read; start again when it is written`);
    this.name = 'ChangedWhileReadError';
  }
}

/** Copies the campaign into the state. Harmless when it is there. */
export async function freezeCampaign(
  objects: ObjectStore,
  run: RunContent,
  source: CampaignSource,
  audience: AudienceFile,
  manifest: Manifest,
): Promise<void> {
  const trees = [
    [source.files, manifest.files],
    [source.shared, manifest.shared],
  ] as const;
  for (const [tree, hashes] of trees) {
    for (const [name, content] of Object.entries(hashes)) await keep(objects, name, content, () => tree.stream(name));
  }
  await keep(objects, audience.name, manifest.audience.content, () => audience.open());
  await objects.write(manifestName(run), Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
}

async function keep(
  objects: ObjectStore,
  file: string,
  hash: string,
  open: () => AsyncIterable<Uint8Array>,
): Promise<void> {
  if (await objects.has(contentName(hash))) return;
  // The store makes nothing visible when the stream throws, so that a content is never under a wrong hash.
  await objects.write(contentName(hash), verified(file, hash, open()));
}

async function* verified(file: string, hash: string, stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const seen = createHash('sha256');
  for await (const chunk of stream) {
    seen.update(chunk);
    yield chunk;
  }
  if (seen.digest('hex') !== hash) throw new ChangedWhileReadError(file);
}

/** Copies one recipient's file. @returns its hash @throws ObjectMissingError */
export async function freezeFile(objects: ObjectStore, files: FileTree, name: string): Promise<string> {
  return keepContent(objects, await files.read(name));
}

/** @returns its hash, by which it is read again */
export async function keepContent(objects: ObjectStore, content: Uint8Array): Promise<string> {
  const hash = sha256(content);
  if (!(await objects.has(contentName(hash)))) await objects.write(contentName(hash), content);
  return hash;
}

/** Recipients' own files of a campaign that is only looked at: they stay where they are, and are found by their hash. */
export interface LivePins {
  /** @returns the file's SHA-256 @throws ObjectMissingError */
  readonly pinFile: (name: string) => Promise<string>;
  /** The file that was pinned under that hash. */
  readonly readFile: (content: string) => Promise<Uint8Array>;
}

export function pinInPlace(files: FileTree): LivePins {
  const names = new Map<string, string>();
  return {
    pinFile: async (name) => {
      const content = await sha256OfStream(files.stream(name));
      names.set(content, name);
      return content;
    },
    readFile: async (content) => files.read(names.get(content) ?? ''),
  };
}

export function readContent(objects: ObjectStore, hash: string): Promise<Uint8Array> {
  return objects.read(contentName(hash));
}

/** @throws ObjectMissingError */
export async function readManifest(objects: ObjectStore, run: RunContent): Promise<Manifest> {
  return JSON.parse(Buffer.from(await objects.read(manifestName(run))).toString()) as Manifest;
}

/** The campaign as the run froze it. */
export function frozenSource(
  objects: ObjectStore,
  manifest: Manifest,
): { source: CampaignSource; audience: AudienceFile } {
  return {
    source: {
      name: manifest.campaign,
      location: manifest.location,
      identity: manifest.identity,
      files: frozenTree(objects, manifest.files),
      shared: frozenTree(objects, manifest.shared),
    },
    audience: { name: manifest.audience.name, open: () => objects.stream(contentName(manifest.audience.content)) },
  };
}

function frozenTree(objects: ObjectStore, hashes: Readonly<Record<string, string>>): FileTree {
  const nameOf = (name: string) => {
    const hash = Object.hasOwn(hashes, name) ? hashes[name] : undefined;
    if (hash === undefined) throw new ObjectMissingError(name);
    return contentName(hash);
  };
  return {
    read: async (name) => objects.read(nameOf(name)),
    stream: (name) => objects.stream(nameOf(name)),
    has: async (name) => Object.hasOwn(hashes, name),
    list: async (prefix) =>
      Object.keys(hashes)
        .filter((name) => name.startsWith(prefix))
        .sort(),
  };
}
