/** `node bundle-door.ts PROJECT ENTRY OUT` writes OUT/index.mjs, and beside it what is loaded only when it is needed. */
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';

const OWN_REQUIRE = 'const require = createRequire(import.meta.url);';

/**
 * Where a file makes a `require` of its own, in order to load a package only when it is needed, the bundler does not see
 * what is loaded, and it would be looked for where there are no packages. Without that line it is bundled, and still waits.
 */
const seeRequires: Plugin = {
  name: 'see requires',
  transform: (code) => (code.includes(OWN_REQUIRE) ? code.replace(OWN_REQUIRE, '') : null),
};

/** What is not in the bundle would be missed only where it runs. */
const refuseOutsiders: Plugin = {
  name: 'refuse outsiders',
  generateBundle(_options, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== 'chunk') continue;
      for (const name of [...chunk.imports, ...chunk.dynamicImports])
        if (!isBuiltin(name) && !Object.hasOwn(bundle, name))
          throw new Error(`Cannot bundle ${chunk.fileName}: it imports ${name}, which is not in the bundle`);
    }
  },
};

const [project = '', entry = '', out = ''] = process.argv.slice(2);
const bundle = await rolldown({
  input: join(project, entry),
  platform: 'node',
  cwd: project,
  logLevel: 'warn',
  // Some packages' other form finds its own files only while it runs.
  resolve: { mainFields: ['module', 'main'] },
  plugins: [seeRequires, refuseOutsiders],
});
await bundle.write({
  dir: out,
  format: 'esm',
  entryFileNames: 'index.mjs',
  chunkFileNames: '[name]-[hash].mjs',
  minify: true,
});
await bundle.close();
