/** The preview page, loaded when somebody asks for it, as the inbox is. */
export function loadPreview(): Promise<typeof import('./preview/mod.ts')> {
  return import('./preview/mod.ts');
}
