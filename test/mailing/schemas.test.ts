/** The published schemas: the one definition of each file, told to editors, held by the types, and true of itself. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import environments from '../../infra/environments.schema.json' with { type: 'json' };
import relaySecret from '../../infra/relay-secret.schema.json' with { type: 'json' };
import relays from '../../infra/relays.schema.json' with { type: 'json' };
import campaign from '../../templates/campaign.schema.json' with { type: 'json' };
import { typesOf } from './types-of-schema.ts';

interface Node {
  readonly $ref?: string;
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly examples?: readonly unknown[];
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Node | boolean>>;
  readonly items?: Node;
  readonly additionalProperties?: Node | boolean;
  readonly definitions?: Readonly<Record<string, Node>>;
}

/** Every key that a person can write, by its path. */
function* keys(node: Node, path = ''): Generator<readonly [path: string, node: Node]> {
  for (const [name, value] of Object.entries(node.properties ?? {})) {
    if (typeof value === 'boolean') continue;
    yield [`${path}${name}`, value];
    yield* keys(value, `${path}${name}.`);
  }
  if (node.items !== undefined) yield* keys(node.items, `${path}0.`);
  if (typeof node.additionalProperties === 'object') yield* keys(node.additionalProperties, `${path}*.`);
  for (const definition of Object.values(node.definitions ?? {})) yield* keys(definition, path);
}

const schemas: readonly [name: string, schema: Node][] = [
  ['campaign', campaign as Node],
  ['relays', relays as Node],
  ["a relay's secret", relaySecret as Node],
  ['environments', environments as Node],
];

describe.each(schemas)('the schema of %s', (_name, schema) => {
  const ajv = new Ajv({ allowUnionTypes: true }).addSchema(schema, 'root');
  const all = [...keys(schema)];
  const isAs = (node: Node, value: unknown) => ajv.compile({ ...node, definitions: schema.definitions })(value);

  test('says of every key what it is', () => {
    expect(
      all.filter(([, { description = '' }]) => !/^[A-Z0-9`].*\.$/s.test(description)).map(([path]) => path),
    ).toEqual([]);
  });

  test('shows an example of every key that takes more than a few words', () => {
    const hasFewWords = ({ type, enum: words }: Node) => type === 'boolean' || words !== undefined;
    expect(all.filter(([, node]) => !hasFewWords(node) && node.examples === undefined).map(([path]) => path)).toEqual(
      [],
    );
  });

  test('has examples and defaults that it takes itself', () => {
    const refused = all.flatMap(([path, node]) =>
      [...(node.examples ?? []), ...('default' in node ? [node.default] : [])]
        .filter((value) => !isAs(node, value))
        .map((value) => [path, value]),
    );
    expect(refused).toEqual([]);
  });
});

const BIOME = fileURLToPath(new URL('../../node_modules/@biomejs/biome/bin/biome', import.meta.url));

/** As every file of the project is laid out. */
function laidOut(code: string): string {
  return execFileSync(process.execPath, [BIOME, 'format', '--stdin-file-path=functions/mailing/campaign-json.ts'], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    input: code,
    encoding: 'utf8',
  });
}

// After a change of the schema: npx vitest run test/mailing/schemas.test.ts -u
test('the types of campaign.json are those of its schema', async () => {
  const about =
    'campaign.json as its schema has it: written by test/mailing/schemas.test.ts from templates/campaign.schema.json.';
  const code = laidOut(typesOf(campaign, 'CampaignJson', about));
  await expect(code).toMatchFileSnapshot('../../functions/mailing/campaign-json.ts');
});

test('the types of environments.json are those of its schema', async () => {
  const about =
    'environments.json as its schema has it: written by test/mailing/schemas.test.ts from infra/environments.schema.json.';
  const code = laidOut(typesOf(environments, 'EnvironmentsJson', about));
  await expect(code).toMatchFileSnapshot('../../infra/environments-json.ts');
});
