/** Imports point one way: the plan in rules.ts, held over every source file, and the rules themselves held by wrong sources. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DOORS, ENTRIES, OWNERS, ROOMS, roomOf, violationsOf } from './rules.ts';
import { importsOf, tokensOf } from './tokens.ts';

const root = join(import.meta.dirname, '../..');

function sourcesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:ts|js|mjs|cjs)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((path) => !path.includes('node_modules/') && !path.includes('cdk.out/'));
}

describe('the house', () => {
  it.each(['functions', 'infra', 'test'])('%s/ keeps to the plan', (folder) => {
    const paths = sourcesBelow(folder);
    const found = paths.flatMap((path) => violationsOf({ path, text: readFileSync(join(root, path), 'utf8') }));
    expect(paths).not.toEqual([]);
    expect(found).toEqual([]);
  });

  it('has a plan without circles', () => {
    const inside = (room: string, trail: readonly string[]): string[] => {
      if (trail.includes(room)) return [[...trail, room].join(' → ')];
      return (ROOMS[room] ?? []).flatMap((next) => inside(next, [...trail, room]));
    };
    expect(Object.keys(ROOMS).flatMap((room) => inside(room, []))).toEqual([]);
  });

  it('opens each room of the plan by its name, and nothing else', () => {
    const { imports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const doors = Object.fromEntries(Object.keys(ROOMS).map((room) => [`#${room}`, `./functions/${room}/mod.ts`]));
    const entries = Object.fromEntries(Object.entries(ENTRIES).map(([entry, file]) => [`#${entry}`, `./${file}`]));
    expect(imports).toEqual({ ...doors, ...entries });
  });

  it('has each entry in the room that it is called after', () => {
    for (const [entry, file] of Object.entries(ENTRIES)) expect(entry.startsWith(`${roomOf(file)}/`), entry).toBe(true);
  });
});

/** The clients of AWS that a file brings, by itself and by those that it imports from its own room. */
function clientsOf(path: string, seen = new Set<string>()): string[] {
  if (seen.has(path)) return [];
  seen.add(path);
  const specifiers = importsOf(tokensOf(readFileSync(join(root, path), 'utf8'))).flatMap(
    (each) => each.specifier ?? [],
  );
  return specifiers.flatMap((specifier) => {
    if (specifier.startsWith('@aws-sdk/client-')) return [specifier];
    return /^\..*\.ts$/.test(specifier) ? clientsOf(join(dirname(path), specifier), seen) : [];
  });
}

describe('the room of AWS', () => {
  it('brings no client where it is entered as a whole', () => {
    expect(clientsOf('functions/aws/mod.ts')).toEqual([]);
  });

  it.each(Object.entries(ENTRIES))('brings one by #%s', (_, file) => {
    expect(new Set(clientsOf(file)).size).toBe(1);
  });
});

describe('violationsOf', () => {
  const wrong: readonly [why: string, path: string, text: string][] = [
    ['a room that is not on the plan', 'functions/billing/mod.ts', ''],
    ['a door that is not on the plan', 'functions/web.ts', ''],
    ['an import of a room that is not on the plan', 'functions/mailing/a.ts', "import { bill } from '#billing';"],
    ['an entry of its adapters', 'functions/mailing/a.ts', "const s3 = await import('#aws/s3');"],
    ['an entry of its own room', 'functions/aws/a.ts', "import { openS3Store } from '#aws/s3';"],
    ['a file of a room with entries', 'functions/cli/a.ts', "import { x } from '#aws/s3-store.ts';"],
    ['a file below a room', 'functions/mailing/a.ts', "import { x } from '#smtp/wire.ts';"],
    ['smtp entering mime', 'functions/smtp/a.ts', "import type { MailData } from '#mime';"],
    ['mime entering smtp', 'functions/mime/a.ts', "export type { Reply } from '#smtp';"],
    ['address entering mailing', 'functions/address/a.ts', "export * from '#mailing';"],
    ['render entering anything', 'functions/render/a.ts', "import '#address';"],
    ['mailing entering its adapters', 'functions/mailing/a.ts', "const local = await import('#local');"],
    ['a type taken by import()', 'functions/mailing/a.ts', "type Page = import('#local').Page;"],
    ['a room entering itself by its name', 'functions/smtp/a.ts', "import { Reply } from '#smtp';"],
    ['a room entered by a path', 'functions/mailing/a.ts', "import { parse } from '../address/mailbox.ts';"],
    ['a door entered from a room', 'functions/local/a.ts', "import { main } from '../cli.ts';"],
    ['a test entered from a room', 'functions/local/a.ts', "import { x } from '../../test/local/x.ts';"],
    ['a relative import without .ts', 'functions/smtp/a.ts', "import { x } from './reply';"],
    ['a relative import that ends in .js', 'test/smtp/a.test.ts', "import { x } from './reply.js';"],
    ['sockets beside the wire', 'functions/smtp/session.ts', "import { connect } from 'node:net';"],
    ['TLS by its old name', 'functions/mailing/a.ts', "import tls from 'tls';"],
    ['datagrams', 'functions/local/a.ts', "import { createSocket } from 'node:dgram';"],
    ['Handlebars outside render', 'functions/mailing/a.ts', "import Handlebars from 'handlebars';"],
    ['a part of Handlebars', 'functions/cli/a.ts', "import x from 'handlebars/runtime.js';"],
    ['AWS outside aws', 'functions/local/a.ts', "import { S3Client } from '@aws-sdk/client-s3';"],
    ['AWS in a door', 'functions/cli/a.ts', "const s3 = await import('@aws-sdk/client-s3');"],
    ['an import that only running tells', 'functions/local/a.ts', 'await import(name);'],
    ['an import pieced together', 'functions/local/a.ts', "await import('#' + room);"],
    ['an import from an address', 'functions/local/a.ts', "import x from 'https://example.com/x.ts';"],
    ['the environment in a room', 'functions/local/a.ts', 'const home = process.env.HOME;'],
    ['the environment by brackets', 'functions/local/a.ts', "const home = process['env'].HOME;"],
    ['the environment by import', 'functions/mailing/a.ts', "import { env } from 'node:process';"],
    ['the time in a room', 'functions/mailing/a.ts', 'const now = Date.now();'],
    ['a date of now', 'functions/mime/a.ts', 'const now = new Date();'],
    ['a timer of its own', 'functions/smtp/a.ts', 'setTimeout(close, 1000);'],
    ['chance in a room', 'functions/mime/a.ts', 'const boundary = Math.random();'],
    ['a name by chance', 'functions/mailing/a.ts', "import { randomUUID } from 'node:crypto';"],
    ['a file without a subject', 'functions/mime/utils.ts', ''],
    ['a folder without a subject', 'test/helpers/server.ts', ''],
    ['a stack that enters a room', 'infra/app.ts', "import { x } from '#local';"],
    ['a stack that enters a room by its path', 'infra/app.ts', "import { x } from '../functions/mailing/mod.ts';"],
  ];
  it.each(wrong)('refuses %s', (_why, path, text) => {
    expect(violationsOf({ path, text })).toHaveLength(1);
  });

  const right: readonly [why: string, path: string, text: string][] = [
    ['a neighbour in the same room', 'functions/smtp/a.ts', "import { x } from './reply.ts';"],
    ['a neighbour from a folder in the room', 'functions/local/inbox/a.ts', "import { x } from '../state.ts';"],
    ['a room below', 'functions/smtp/a.ts', "import type { Mailbox } from '#address';"],
    ['any room from a door', 'functions/cli/run.ts', "import { open } from '#local'; process.env.HOME; Date.now();"],
    ['an entry from a door', 'functions/cli/run.ts', "const { openS3Store } = await import('#aws/s3');"],
    ['the door that leads to its folder', 'functions/cli.ts', "import { run } from './cli/run.ts';"],
    ['the socket in the wire', 'functions/smtp/wire.ts', "import { connect } from 'node:net';"],
    ['a stack that reads what people write', 'infra/app.ts', "import { x } from '#mailing';"],
    ['a stack that names variables', 'infra/app.ts', "import { x } from '../functions/aws/deployment.ts';"],
    ['a published schema', 'functions/mailing/a.ts', "import s from '../../t/x.json' with { type: 'json' };"],
    ['a date of a given moment', 'functions/mime/a.ts', 'const at = new Date(message.date);'],
    ['a comment about it', 'functions/mime/a.ts', "// import '#smtp'\n/* process.env, Date.now() */"],
    [
      'a text about it',
      'functions/mime/a.ts',
      `const x = "import '#smtp'"; const y = \`new Date() \${'Date.now()'}\`;`,
    ],
    ['a regular expression about it', 'functions/mime/a.ts', "const x = /import '#smtp'|[/'\"]/;"],
    ['properties of those names', 'functions/mime/a.ts', 'x.import({}); const { from, export: e } = x;'],
    ["a script from a page's script", 'functions/local/inbox/page/a.js', "import { x } from './b.js';"],
    ['an internal file from a test', 'test/smtp/a.test.ts', "import { x } from '../../functions/smtp/reply.ts';"],
  ];
  it.each(right)('accepts %s', (_why, path, text) => {
    expect(violationsOf({ path, text })).toEqual([]);
  });

  it('names the place', () => {
    const text = "/* a\n */ import { a } from './a.ts';\nimport {\n  b,\n} from '#mime';\n";
    expect(violationsOf({ path: 'functions/smtp/x.ts', text })).toEqual([
      'functions/smtp/x.ts:3: imports #mime: smtp may enter address',
    ]);
  });

  it('has a wrong source for every owner', () => {
    for (const name of Object.keys(OWNERS)) {
      const text = `import x from '${name.endsWith('/') ? `${name}x` : name}';`;
      expect(violationsOf({ path: 'functions/mailing/x.ts', text }), name).toHaveLength(1);
    }
  });

  it('lets doors be entered by no room', () => {
    for (const room of Object.keys(ROOMS)) {
      const text = DOORS.map((door) => `import { x } from '../${door}/x.ts';`).join('\n');
      expect(violationsOf({ path: `functions/${room}/x.ts`, text }), room).toHaveLength(DOORS.length);
    }
  });
});

describe('importsOf', () => {
  it.each([
    ["import 'a'", ['a']],
    ["import a from 'a'", ['a']],
    ["import a, { b as c } from 'a'", ['a']],
    ["import * as a from 'a'", ['a']],
    ["import type { A } from 'a'", ['a']],
    ["import { type A, from } from 'a'", ['a']],
    ["import from from 'a'", ['a']],
    ["import a from 'a' with { type: 'json' }", ['a']],
    ["export * from 'a'", ['a']],
    ["export * as b from 'a'", ['a']],
    ["export type { B } from 'a'", ['a']],
    ["export { b as 'from' } from 'a'", ['a']],
    ["export { b };\nimport 'a'", ['a']],
    ["export const from = 'a'", []],
    ["export type From = 'a'", []],
    ["export default 'a'", []],
    ["const f = () => import('a')", ['a']],
    ["import('a', { with: { type: 'json' } })", ['a']],
    ['import(`a`)', [null]],
    ['import.meta.url', []],
    [`x = \`\${import('a')} \${\`\${'}'}\`}\`; import 'b'`, ['a', 'b']],
    ["const half = width / 2; import('a'); const y = 1 / 2", ['a']],
    ["if (x) return /'/.test(y); import 'a'", ['a']],
    ["const s = 'it\\'s'; import 'a'", ['a']],
    ["#!/usr/bin/env node\nimport 'a'", ['a']],
  ])('%s', (source, expected) => {
    expect(importsOf(tokensOf(source)).map(({ specifier }) => specifier)).toEqual(expected);
  });
});
