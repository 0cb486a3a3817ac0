/** A door's bundle runs where there is nothing but Node. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bundlerOf } from '../../infra/bundle.ts';

const project = join(import.meta.dirname, '../..');
const alone = mkdtempSync(join(tmpdir(), 'cartero-bundle-'));
afterAll(() => rmSync(alone, { recursive: true }));

describe('bundlerOf', { timeout: 120_000 }, () => {
  it('puts every package inside, also what is loaded only when it is needed', () => {
    const bundle = bundlerOf(project)('test/infra/bundled-door.ts', ['templates']);
    cpSync(bundle, alone, { recursive: true });
    const program = `import { handler } from './index.mjs'; console.log(JSON.stringify(await handler('{ "regoin": "" }')));`;
    writeFileSync(join(alone, 'program.mjs'), program);
    // What Lambda's Node does not do here is to find this project's packages.
    const output = execFileSync(process.execPath, [join(alone, 'program.mjs')], {
      cwd: alone,
      encoding: 'utf8',
      env: {},
    });
    expect(JSON.parse(output)).toEqual({
      store: 'function',
      variable: 'CARTERO_BUCKET',
      problems: ['job.json:1: "regoin": unknown key, did you mean "region"?'],
    });
  });

  it('lays the folders that a door wants beside it', () => {
    expect(existsSync(join(alone, 'templates/newsletter/campaign.json'))).toBe(true);
    expect(readFileSync(join(alone, 'templates/newsletter/subject.hbs'))).toEqual(
      readFileSync(join(project, 'templates/newsletter/subject.hbs')),
    );
  });

  it('is the same code each time, so that nothing is deployed where nothing has changed', () => {
    const again = bundlerOf(project)('test/infra/bundled-door.ts', []);
    expect(readFileSync(join(again, 'index.mjs'), 'utf8')).toBe(readFileSync(join(alone, 'index.mjs'), 'utf8'));
  });

  it('says what could not be bundled', () => {
    expect(() => bundlerOf(project)('test/infra/nowhere.ts', [])).toThrow('Cannot bundle test/infra/nowhere.ts');
  });
});
