/** On what, and with which versions, figures were taken. */
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { outputOf } from './child.ts';
import { PROJECT } from './workshop.ts';

export async function machineText(): Promise<string> {
  const cores = cpus();
  const gib = (totalmem() / 2 ** 30).toFixed(1);
  const versions = [
    `Node ${process.versions.node}`,
    `OpenSSL ${process.versions.openssl} in Node`,
    ...['nodemailer', 'handlebars', 'csv-parse', 'rolldown'].map((name) => `${name} ${versionOf(name)}`),
    ...(await said('OpenSSL', ['openssl', 'version'], /^OpenSSL (\S+)/)),
    ...(await said('Postfix', ['postconf', '-h', 'mail_version'], /^(\S+)/)),
    ...(await said('Cartero', ['git', '-C', PROJECT, 'rev-parse', '--short', 'HEAD'], /^(\S+)/)),
  ];
  const machine = `${cores.length} cores (${cores[0]?.model.trim()}), ${gib} GiB, Linux ${release()}`;
  const load = `load average at the start ${(loadavg()[0] ?? 0).toFixed(1)}`;
  return `${versions.join(', ')}. ${machine}, ${load}.`;
}

function versionOf(name: string): string {
  const manifest = readFileSync(join(PROJECT, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

/** What is not there is not named. */
async function said(name: string, line: readonly [string, ...string[]], version: RegExp): Promise<string[]> {
  const output = await outputOf(line).catch(() => '');
  const found = version.exec(output)?.[1];
  return found === undefined ? [] : [`${name} ${found}`];
}
