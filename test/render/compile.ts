/** Template sets from a few strings. */
import { compileTemplates, RenderError, TemplateError, type TemplateSet, type Variables } from '#render';

export interface Texts {
  readonly subject?: string;
  readonly html?: string;
  readonly text?: string;
  readonly amp?: string;
  readonly calendar?: string;
  readonly named?: Readonly<Record<string, string>>;
  readonly partials?: Readonly<Record<string, string>>;
  readonly layouts?: Readonly<Record<string, string>>;
}

export function compile({
  subject = 'Subject',
  html,
  text,
  amp,
  calendar,
  named,
  partials,
  layouts,
}: Texts): TemplateSet {
  return compileTemplates({
    subject: { name: 'subject.hbs', text: subject },
    ...(html === undefined ? {} : { html: { name: 'body.html.hbs', text: html } }),
    ...(text === undefined ? {} : { text: { name: 'body.txt.hbs', text } }),
    ...(amp === undefined ? {} : { amp: { name: 'body.amp.html.hbs', text: amp } }),
    ...(calendar === undefined ? {} : { calendar: { name: 'calendar.ics.hbs', text: calendar } }),
    named: sources('named', named),
    partials: sources('_partials', partials),
    layouts: sources('_layouts', layouts),
  });
}

function sources(folder: string, texts: Readonly<Record<string, string>> = {}) {
  return new Map(Object.entries(texts).map(([name, text]) => [name, { name: `${folder}/${name}.hbs`, text }]));
}

/** The row's problem in short, `body.html.hbs:1 name is missing`; or the output. */
export function outcome(render: () => string): string {
  try {
    return render();
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    return `! ${error.template}:${error.line} ${error.variable} ${error.problem.split(',')[0]}`;
  }
}

export function htmlOf(texts: Texts | string, variables: Variables): string {
  const set = compile(typeof texts === 'string' ? { html: texts } : texts);
  return outcome(() => set.html(variables));
}

/** `body.html.hbs:1:4 problem`. */
export function templateProblem(texts: Texts): string {
  try {
    compile(texts);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return `${error.template}:${error.line}:${error.column} ${error.problem}`;
  }
  return 'compiles';
}
