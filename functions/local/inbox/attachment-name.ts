/** File names that a message chose, made safe to save: by the browser's own rules and by ours. */

const LONGEST_NAME = 120;
/** Separators, control and direction-changing characters, and what Windows forbids. */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff/\\:*?"<>|]/gu;

/** The last part of a path, without what no file name should have; `attachment` where nothing is left. */
export function safeFileName(name: string | null): string {
  const last = (name ?? '').split(/[/\\]/).at(-1) ?? '';
  const safe = last.replace(UNSAFE, '_').replace(/^[. ]+|[. ]+$/g, '');
  if (safe.length <= LONGEST_NAME) return safe === '' ? 'attachment' : safe;
  const extension = /\.[A-Za-z0-9]{1,10}$/.exec(safe)?.[0] ?? '';
  return [...safe.slice(0, LONGEST_NAME - extension.length)].join('').replace(UNSAFE, '_') + extension;
}

/** A Content-Disposition that saves and never shows (RFC 6266), for a name from `safeFileName`. */
export function savedAs(name: string): string {
  const ascii = name.replace(/[^ -~]|[%"\\]/g, '_');
  const utf8 = encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${utf8}`;
}
