/** The page's own files, read once at start. Nothing else of the disk can be asked for. */
import { readFile } from 'node:fs/promises';

export interface PageFile {
  readonly type: string;
  readonly content: Uint8Array;
}

const FILES: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'theme.css': 'text/css; charset=utf-8',
  'layout.css': 'text/css; charset=utf-8',
  'message.css': 'text/css; charset=utf-8',
  'conversation.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
  'main.js': 'text/javascript; charset=utf-8',
  'inbox.js': 'text/javascript; charset=utf-8',
  'list.js': 'text/javascript; charset=utf-8',
  'message.js': 'text/javascript; charset=utf-8',
  'links.js': 'text/javascript; charset=utf-8',
  'tabs.js': 'text/javascript; charset=utf-8',
  'conversation.js': 'text/javascript; charset=utf-8',
  'elements.js': 'text/javascript; charset=utf-8',
};

/** By the path of their URL. */
export async function readPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const entries = Object.entries(FILES).map(async ([name, type]): Promise<[string, PageFile]> => {
    const content = await readFile(new URL(`./page/${name}`, import.meta.url));
    return [name === 'index.html' ? '/' : `/${name}`, { type, content }];
  });
  return new Map(await Promise.all(entries));
}
