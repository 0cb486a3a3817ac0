/** What `cdk synth` makes of infra/ as shipped. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { environments } from '../../infra/environments.ts';

interface Artifact {
  readonly type: string;
  readonly properties?: { readonly templateFile?: string; readonly tags?: Record<string, string> };
}

it('is a stack for each environment, at the top, where cdk finds it without being told its name', {
  timeout: 60_000,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'cartero-cdk-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const app = join(import.meta.dirname, '../../infra/app.ts');
  execFileSync(process.execPath, [app], { env: { ...process.env, CDK_OUTDIR: folder } });
  const { artifacts } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as {
    artifacts: Record<string, Artifact>;
  };
  const stacks = Object.entries(artifacts).filter(([, { type }]) => type === 'aws:cloudformation:stack');
  expect(stacks.map(([name]) => name)).toEqual(Object.keys(environments).map((name) => `cartero-${name}-state`));
  for (const [index, name] of Object.keys(environments).entries())
    expect(stacks[index]?.[1].properties?.tags).toMatchObject({ 'cartero:environment': name });
});
