/**
 * The embedded server and its web inbox: a fifth of all modules, which a run over a relay never asks for. So they are
 * loaded when somebody does.
 */
export function loadInbox(): Promise<typeof import('./inbox/mod.ts')> {
  return import('./inbox/mod.ts');
}
