/**
 * The house's plan, and what breaks it.
 *
 *     address ◄── smtp, mime, audience          render stands alone
 *     those five ◄── mailing ◄── local, aws     doors (cli) import all
 */
import { posix } from 'node:path';
import { type Import, importsOf, type Token, tokensOf } from './tokens.ts';

/** Each room of `functions/`, and the rooms that it may enter. */
export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  address: [],
  smtp: ['address'],
  mime: ['address'],
  audience: ['address'],
  render: [],
  mailing: ['address', 'smtp', 'mime', 'audience', 'render'],
  local: ['address', 'smtp', 'mime', 'audience', 'render', 'mailing'],
  aws: ['address', 'smtp', 'mime', 'audience', 'render', 'mailing'],
};

/**
 * Files that are entered by a name of their own, as far as their room is: each brings a client that takes its time to load,
 * and whoever wants one of them is not to wait for the others.
 */
export const ENTRIES: Readonly<Record<string, string>> = {
  'aws/s3': 'functions/aws/s3-store.ts',
  'aws/secrets': 'functions/aws/secrets-manager.ts',
  'aws/queue': 'functions/aws/sqs-queue.ts',
  'aws/table': 'functions/aws/table-state.ts',
};

/** The doors: `functions/<door>.ts` and what lies in `functions/<door>/`. They enter any room; no room enters them. */
export const DOORS: readonly string[] = ['cli'];

/** What the stacks may enter: the room that reads what people write, and the page of names on which doors and stacks agree. */
export const STACKS_ENTER: readonly string[] = ['#mailing', 'functions/aws/deployment.ts'];

/** Who alone may import what; a name that ends in `/` means all below it. */
export const OWNERS: Readonly<Record<string, readonly string[]>> = {
  'node:net': ['functions/smtp/wire.ts', 'functions/smtp/proxy.ts', 'functions/local/inbox/'],
  'node:tls': ['functions/smtp/wire.ts', 'functions/local/inbox/'],
  'node:http': ['functions/smtp/proxy.ts', 'functions/local/inbox/', 'functions/local/preview/'],
  socks: ['functions/smtp/proxy.ts'],
  'node:dgram': ['functions/smtp/wire.ts', 'functions/local/inbox/'],
  'node:sqlite': ['functions/local/'],
  handlebars: ['functions/render/'],
  'csv-parse': ['functions/audience/'],
  'smtp-server': ['functions/local/inbox/'],
  '@aws-sdk/': ['functions/aws/'],
  '@smithy/': ['functions/aws/'],
};

/** Where time and chance come in by argument only. */
export const TIMELESS: readonly string[] = ['address', 'smtp', 'mime', 'render', 'audience', 'mailing'];

/** Sources of time and chance: as words in this order, or, where one word is enough, wherever it stands. */
const TIME_AND_CHANCE: readonly (readonly string[])[] = [
  ['Date', '.', 'now'],
  ['new', 'Date', '(', ')'],
  ['new', 'Date', ';'],
  ['performance', '.', 'now'],
  ['process', '.', 'hrtime'],
  ['Math', '.', 'random'],
  ['randomUUID'],
  ['randomBytes'],
  ['randomInt'],
  ['getRandomValues'],
  ['setTimeout'],
  ['setInterval'],
];

/** A file called so tells no story. */
const NAMELESS = /^(utils?|common|helpers?|misc|shared|lib)$/;
/** In `render/` a helper is a word of Handlebars. */
const NAMED_BY_ITS_SUBJECT = new Set(['functions/render/helpers.ts']);

export interface SourceFile {
  /** From the project's root, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** What is wrong with a file, each with its place; empty when nothing is. */
export function violationsOf(file: SourceFile): string[] {
  const tokens = tokensOf(file.text);
  const found = [...namingViolations(file), ...wordViolations(file, tokens)];
  for (const each of importsOf(tokens)) {
    const problem = importProblem(file.path, each);
    if (problem !== null) found.push(`${file.path}:${each.line}: ${problem}`);
  }
  return found;
}

/** The room or door of a file below `functions/`, `null` elsewhere. */
export function roomOf(path: string): string | null {
  const [top, second, ...rest] = path.split('/');
  if (top !== 'functions' || second === undefined) return null;
  return rest.length > 0 ? second : second.replace(/\..*$/, '');
}

const isKnown = (room: string): boolean => Object.hasOwn(ROOMS, room) || DOORS.includes(room);

function namingViolations({ path }: SourceFile): string[] {
  const found: string[] = [];
  const room = roomOf(path);
  if (room !== null && !isKnown(room)) found.push(`${path}: "${room}" is no room of the plan`);
  const nameless = path
    .split('/')
    .map((segment) => segment.replace(/\..*$/, ''))
    .find((segment) => NAMELESS.test(segment));
  if (nameless !== undefined && !NAMED_BY_ITS_SUBJECT.has(path)) found.push(`${path}: "${nameless}" names no subject`);
  return found;
}

function wordViolations({ path }: SourceFile, tokens: readonly Token[]): string[] {
  const room = roomOf(path);
  if (room === null) return [];
  const found: string[] = [];
  const forbid = (words: readonly string[], why: string) => {
    for (const line of linesWith(tokens, words)) found.push(`${path}:${line}: ${words.join('')} ${why}`);
  };
  if (!DOORS.includes(room)) {
    forbid(['process', '.', 'env'], 'outside a door');
    forbid(['process', '[', 'env', ']'], 'outside a door');
  }
  if (TIMELESS.includes(room)) {
    for (const words of TIME_AND_CHANCE) forbid(words, 'in a room where time and chance come in by argument');
  }
  return found;
}

function linesWith(tokens: readonly Token[], words: readonly string[]): number[] {
  const lines: number[] = [];
  for (const [index, token] of tokens.entries()) {
    const fits = words.every((word, offset) => {
      const found = tokens[index + offset];
      return found !== undefined && found.text === word && found.kind !== 'template' && found.kind !== 'regex';
    });
    if (fits && (token.kind === 'word' || words.length > 1)) lines.push(token.line);
  }
  return lines;
}

function importProblem(path: string, { specifier }: Import): string | null {
  const room = roomOf(path);
  if (specifier === null) return room === null ? null : 'imports what only running the program tells';
  const owners = Object.entries(OWNERS).find(([name]) => matches(specifier, name))?.[1];
  if (owners !== undefined && room !== null && !owners.some((owner) => path.startsWith(owner))) {
    return `imports ${specifier}, which belongs to ${owners.join(' and ')}`;
  }
  if (specifier.startsWith('#')) return roomProblem(path, specifier.slice(1));
  if (specifier.startsWith('.')) return relativeProblem(path, specifier);
  if (specifier === 'process' || specifier === 'node:process') {
    return room === null || DOORS.includes(room) ? null : `imports ${specifier} outside a door`;
  }
  if (room !== null && /^(?:\/|file:|data:|https?:)/.test(specifier)) return `imports the address ${specifier}`;
  return null;
}

function matches(specifier: string, name: string): boolean {
  if (name.endsWith('/')) return specifier.startsWith(name);
  const bare = name.replace(/^node:/, '');
  return [name, bare].some((each) => specifier === each || specifier.startsWith(`${each}/`));
}

function roomProblem(path: string, entry: string): string | null {
  const room = roomOf(path);
  const target = Object.hasOwn(ENTRIES, entry) ? entry.replace(/\/.*$/, '') : entry;
  if (!Object.hasOwn(ROOMS, target)) return `imports #${target}, which is no room of the plan`;
  if (room === null) return stackProblem(path, `#${target}`);
  if (room === target) return `imports its own room as #${target}; neighbours are reached by ./`;
  if (DOORS.includes(room) || ROOMS[room]?.includes(target)) return null;
  return `imports #${target}: ${room} may enter ${ROOMS[room]?.join(', ') || 'no room'}`;
}

function relativeProblem(path: string, specifier: string): string | null {
  // What a browser loads is JavaScript through and through.
  const isWhole = /\.(?:ts|json)$/.test(specifier) || (path.endsWith('.js') && specifier.endsWith('.js'));
  if (!isWhole) return `imports ${specifier}, wanted a file name that ends in .ts`;
  const target = posix.normalize(posix.join(posix.dirname(path), specifier));
  const room = roomOf(path);
  const entered = roomOf(target);
  if (room !== null && entered === null && !target.endsWith('.json')) return `imports ${target}, outside functions/`;
  if (room === null && entered !== null) return stackProblem(path, target);
  if (room === null || entered === null || entered === room) return null;
  return `imports ${target} by its path; a room is entered by #${entered}`;
}

function stackProblem(path: string, target: string): string | null {
  if (!path.startsWith('infra/') || STACKS_ENTER.includes(target)) return null;
  return `imports ${target}: the stacks enter ${STACKS_ENTER.join(' and ')} alone`;
}
