/** What `cdk synth` makes of infra/ as shipped, and what it says where the files are not in order. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import environments from '../../infra/environments.json' with { type: 'json' };

const project = join(import.meta.dirname, '../..');

interface Artifact {
  readonly type: string;
  readonly properties?: {
    readonly stackName?: string;
    readonly terminationProtection?: boolean;
    readonly tags?: Record<string, string>;
  };
}

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cartero-cdk-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Without credentials, and with CloudFormation's own rules left to the test that makes everything. */
function synthesise(from: string, out: string) {
  const env = { PATH: process.env.PATH, CDK_OUTDIR: out, CDK_VALIDATION: 'false', AWS_EC2_METADATA_DISABLED: 'true' };
  return spawnSync(process.execPath, [join(from, 'infra/app.ts')], { env, encoding: 'utf8' });
}

it('is a stage for each environment, with a stack that stays and one that is made from the code', {
  timeout: 120_000,
}, () => {
  const out = scratch();
  const { status, stderr } = synthesise(project, out);
  expect([status, stderr]).toEqual([0, expect.not.stringContaining('ERROR')]);
  const assemblies = readdirSync(out).filter((name) => name.startsWith('assembly-'));
  expect(assemblies).toEqual(Object.keys(environments.environments).map((name) => `assembly-${name}`));
  for (const name of Object.keys(environments.environments)) {
    const { artifacts } = JSON.parse(readFileSync(join(out, `assembly-${name}`, 'manifest.json'), 'utf8')) as {
      artifacts: Record<string, Artifact>;
    };
    const stacks = Object.values(artifacts).filter(({ type }) => type === 'aws:cloudformation:stack');
    expect(stacks.map(({ properties }) => [properties?.stackName, properties?.terminationProtection])).toEqual([
      [`cartero-${name}-state`, true],
      [`cartero-${name}-app`, false],
    ]);
    for (const { properties } of stacks) expect(properties?.tags).toMatchObject({ 'cartero:environment': name });
  }
});

it('ends with what to change where a file is not in order, and not with where in the program', {
  timeout: 120_000,
}, () => {
  const copy = scratch();
  for (const name of ['infra', 'functions', 'templates', 'package.json'])
    cpSync(join(project, name), join(copy, name), { recursive: true });
  symlinkSync(join(project, 'node_modules'), join(copy, 'node_modules'));
  writeFileSync(
    join(copy, 'infra/environments.json'),
    '{\n  "environments": { "production": { "regoin": "eu" } }\n}\n',
  );
  const { status, stderr } = synthesise(copy, scratch());
  expect(status).toBe(1);
  expect(stderr.trim().split('\n')).toEqual([
    'Cannot read what to deploy:',
    '  infra/environments.json:2: "environments.production": the key "region" is missing',
    '  infra/environments.json:2: "environments.production.regoin": unknown key, did you mean "region"?',
  ]);
});
