/** What was found, as Markdown: a section a case, each with its figures and with what was wanted and reached. */
import { spreadOf } from './statistics.ts';

export interface Section {
  readonly title: string;
  /** What was done, with which settings. */
  readonly method: string;
  readonly tables: readonly Table[];
  readonly targets: readonly Target[];
  /** What follows from it. */
  readonly remarks: readonly string[];
}

export interface Table {
  readonly caption?: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Target {
  readonly what: string;
  readonly bound: 'at least' | 'at most';
  readonly wanted: number;
  readonly unit: '×' | 'ms' | 's' | 'MB' | 'rows/s' | '%';
  /** One a round. */
  readonly reached: readonly number[];
}

/** Three significant digits: more is noise here. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 1000) return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
  return String(Number(value.toPrecision(3)));
}

/** Median, with least and most in brackets. */
export function spread(values: readonly number[]): string {
  const { median, least, most } = spreadOf(values);
  if (values.length < 2 || Number.isNaN(median)) return figure(median);
  return `${figure(median)} (${figure(least)}–${figure(most)})`;
}

export function isReached({ bound, wanted, reached }: Target): boolean {
  const { median } = spreadOf(reached);
  return bound === 'at least' ? median >= wanted : median <= wanted;
}

export function sectionText(section: Section): string {
  const { title, method, tables, targets, remarks } = section;
  const parts = [`## ${title}`, method, ...tables.map(tableText)];
  if (targets.length > 0) parts.push(tableText(targetsTable(targets)));
  return `${[...parts, ...remarks].join('\n\n')}\n`;
}

export function targetsTable(targets: readonly Target[]): Table {
  return {
    columns: ['target', 'wanted', 'reached', ''],
    rows: targets.map((target) => [
      target.what,
      `${target.bound} ${target.wanted} ${target.unit}`,
      `${spread(target.reached)} ${target.unit}`,
      isReached(target) ? 'reached' : '**missed**',
    ]),
  };
}

export function tableText({ caption, columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const head = caption === undefined ? [] : [`${caption}:`, ''];
  return [...head, line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}
