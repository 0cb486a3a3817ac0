/** Each room tells its story where one enters it, and no page leads nowhere. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOMS } from './rules.ts';

const root = join(import.meta.dirname, '../..');

/** The comment that a file opens with, without its stars; `null` where it opens with code. */
function headComment(text: string): string | null {
  const comment = /^\/\*\*([\s\S]*?)\*\//.exec(text)?.[1];
  return comment === undefined ? null : comment.replace(/^\s*\*? ?/gm, '').trim();
}

/** Targets of `[text](target)` and of `![text](target)` in the project; anchors and other sites left out. */
function linksOf(page: string): string[] {
  const outsideCode = page.replace(/```[\s\S]*?```|`[^`\n]*`/g, '');
  return [...outsideCode.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target.replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target));
}

describe('a room', () => {
  it.each(Object.keys(ROOMS))('%s begins its mod.ts with its story', (room) => {
    const text = readFileSync(join(root, 'functions', room, 'mod.ts'), 'utf8');
    expect(headComment(text)?.length ?? 0).toBeGreaterThan(40);
  });

  it('is caught when it begins with code', () => {
    expect(headComment("export * from './a.ts'; /** too late */")).toBeNull();
    expect(headComment('/** a story\n * of two lines */')).toBe('a story\nof two lines');
  });
});

describe('a page', () => {
  const pages = readdirSync(root).filter((name) => name.endsWith('.md'));
  const docs = existsSync(join(root, 'docs')) ? readdirSync(join(root, 'docs')).map((name) => `docs/${name}`) : [];
  it('leads only to what is there', () => {
    const broken = [...pages, ...docs.filter((name) => name.endsWith('.md'))].flatMap((page) =>
      linksOf(readFileSync(join(root, page), 'utf8'))
        .filter((target) => !existsSync(join(root, dirname(page), target)))
        .map((target) => `${page}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('is read for its links, not for its code', () => {
    const page = '[a](b.md#c) ![d](e.png) [f](https://example.com) [g](#h) `[i](j)`\n```\n[k](l)\n```';
    expect(linksOf(page)).toEqual(['b.md', 'e.png']);
  });
});
