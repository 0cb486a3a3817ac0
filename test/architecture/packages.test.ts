/** What `npm ci` installs is what the lock file says, and nothing runs while it does. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

interface LockedPackage extends Manifest {
  readonly hasInstallScript?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly integrity?: string;
  readonly inBundle?: boolean;
  readonly version?: string;
}

const readJson = (name: string) => JSON.parse(readFileSync(join(import.meta.dirname, '../..', name), 'utf8'));
const manifest: Manifest = readJson('package.json');
const locked: Record<string, LockedPackage> = readJson('package-lock.json').packages;

function unpinned({ dependencies, optionalDependencies, devDependencies }: Manifest): string[] {
  return Object.entries({ ...dependencies, ...optionalDependencies, ...devDependencies })
    .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/.test(version))
    .map(([name, version]) => `${name}: ${version}`);
}

/** Packages that run a program of theirs on this machine while they are installed. */
function withInstallScript(packages: Record<string, LockedPackage>): string[] {
  return Object.entries(packages)
    .filter(([, each]) => each.hasInstallScript === true && !isForElsewhere(each))
    .map(([path]) => path);
}

function isForElsewhere({ optional, os }: LockedPackage): boolean {
  return optional === true && os !== undefined && !os.includes('linux');
}

describe('package.json', () => {
  it('pins every dependency to one version', () => {
    expect(unpinned(manifest)).toEqual([]);
  });

  it.each(['^1.2.3', '~1.2.3', '1.2', '*', 'latest', '>=1.2.3', '1.2.3 || 2.0.0', 'file:../x', 'github:a/b'])(
    'would be caught with %s',
    (version) => expect(unpinned({ devDependencies: { x: version } })).toEqual([`x: ${version}`]),
  );
});

describe('package-lock.json', () => {
  it('holds the versions of package.json', () => {
    const { dependencies, optionalDependencies, devDependencies } = manifest;
    const all = { ...dependencies, ...optionalDependencies, ...devDependencies };
    const found = Object.keys(all).map((name) => [name, locked[`node_modules/${name}`]?.version]);
    expect(Object.fromEntries(found)).toEqual(all);
  });

  it('installs nothing that runs a script', () => {
    expect(withInstallScript(locked)).toEqual([]);
  });

  it('would be caught with a package that does', () => {
    const packages = { 'node_modules/x': { hasInstallScript: true }, 'node_modules/y': {} };
    expect(withInstallScript(packages)).toEqual(['node_modules/x']);
  });

  it('knows the octets of every package', () => {
    // What comes inside another package's archive is covered by that one's hash.
    const unknown = Object.entries(locked).filter(
      ([path, { integrity, inBundle }]) => path !== '' && inBundle !== true && integrity === undefined,
    );
    expect(unknown.map(([path]) => path)).toEqual([]);
  });
});
