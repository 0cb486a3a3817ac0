/**
 * What measuring needs made first: the programs in C, compiled once; the programs in TypeScript, bundled, for a user's
 * process has no types to strip either; certificates; a folder that goes away at the end.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { createCertificates } from '#local';
import { outputOf } from './child.ts';

export type NativeProgram = 'sink' | 'csource' | 'tundelay';

const HERE = fileURLToPath(new URL('.', import.meta.url));
export const PROJECT = join(HERE, '..');
/** Below node_modules, so that what is bundled finds the packages that it leaves out. */
const KEPT = join(PROJECT, 'node_modules/.cache/cartero-bench');

export interface Workshop {
  /** For a run's own files; gone at the end. */
  readonly folder: string;
  /** PEM files. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** @param hosts addresses that the server's certificate is to be good for */
export async function openWorkshop(hosts: readonly string[]): Promise<Workshop> {
  mkdirSync(KEPT, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), 'cartero-bench-'));
  const { ca, certificate, key } = await createCertificates({ now: Date.now(), names: [...hosts] });
  const written = (name: string, pem: string) => {
    const file = join(folder, name);
    writeFileSync(file, pem);
    return file;
  };
  return {
    folder,
    ca: written('ca.pem', ca),
    certificate: written('certificate.pem', certificate),
    key: written('key.pem', key),
  };
}

export function closeWorkshop({ folder }: Workshop): void {
  rmSync(folder, { recursive: true });
}

/** Path of a program in native/, compiled where this source was not before. */
export async function nativeProgram(name: NativeProgram): Promise<string> {
  const source = join(HERE, 'native', `${name}.c`);
  const digest = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 12);
  const program = join(KEPT, `${name}-${digest}`);
  if (existsSync(program)) return program;
  try {
    await outputOf(['cc', '-O2', '-Wall', '-o', program, source, '-lssl', '-lcrypto']);
  } catch (cause) {
    const wanted =
      'a C compiler and the headers of OpenSSL are wanted (Debian: apt-get install gcc libc6-dev libssl-dev)';
    throw new Error(`Cannot compile ${name}.c: ${wanted}`, { cause });
  }
  return program;
}

/**
 * Bundles a TypeScript file of this project into one file of JavaScript.
 * @param source from the project's root
 * @param packages `inside`: all in one file; `outside`: packages are imported from node_modules when it runs
 */
export async function bundled(source: string, packages: 'inside' | 'outside'): Promise<string> {
  const file = join(KEPT, `${basename(source, '.ts')}.mjs`);
  const isPackage = (id: string) => /^[@a-z]/.test(id);
  const bundle = await rolldown({
    input: join(PROJECT, source),
    platform: 'node',
    cwd: PROJECT,
    logLevel: 'silent',
    ...(packages === 'outside' ? { external: isPackage } : {}),
  });
  await bundle.write({ file, format: 'esm', codeSplitting: false });
  await bundle.close();
  return file;
}

/** As it would be deployed: minified, with what is imported only when it is needed (`socks`) left outside. */
export async function deployed(source: string): Promise<string> {
  const file = join(KEPT, `deployed-${basename(source, '.ts')}.mjs`);
  const input = join(PROJECT, source);
  const bundle = await rolldown({ input, platform: 'node', cwd: PROJECT, logLevel: 'silent', external: ['socks'] });
  await bundle.write({ file, format: 'esm', codeSplitting: false, minify: true });
  await bundle.close();
  return file;
}
