/** What an environment is, and the gate that its settings pass before anything is made of them. */

export interface Environment {
  /** The AWS account's twelve digits; `null`: that of the credentials at hand when it is deployed. */
  readonly account: string | null;
  /** The AWS region: 'eu-south-2'. */
  readonly region: string;
  /** Laid on every resource, for those who read the bill. Default: none. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** An environment that cannot be deployed; `setting` is its place in the file. */
export class EnvironmentError extends Error {
  readonly code = 'ERR_ENVIRONMENT';
  readonly setting: string;
  constructor(setting: string, problem: string) {
    super(`Cannot read infra/environments.ts: ${setting} is ${problem}`);
    this.name = 'EnvironmentError';
    this.setting = setting;
  }
}

/** Stacks, and so the resources in them, are named after it. */
const NAME = /^[a-z][a-z0-9-]{0,19}$/;
const ACCOUNT = /^\d{12}$/;
const REGION = /^[a-z]{2}(?:-[a-z]+)+-\d$/;
/** What AWS takes in a tag's key and value. */
const TAG_KEY = /^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u;
const TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;

/**
 * The same environments, once they are known to be in order.
 * @throws EnvironmentError for the first setting that is not
 */
export function checkEnvironments(all: Readonly<Record<string, Environment>>): Readonly<Record<string, Environment>> {
  for (const [name, { account, region, tags = {} }] of Object.entries(all)) {
    demand(NAME, name, `"${name}"`, 'a name of up to 20 letters, digits and "-", a letter first');
    if (account !== null) demand(ACCOUNT, account, `${name}.account`, 'twelve digits or null');
    demand(REGION, region, `${name}.region`, 'an AWS region such as "eu-south-2"');
    for (const [key, value] of Object.entries(tags)) {
      demand(TAG_KEY, key, `${name}.tags`, 'keys of letters, digits, spaces and _.:/=+-@, not "aws:" first');
      demand(TAG_VALUE, value, `${name}.tags.${key}`, 'up to 256 letters, digits, spaces and _.:/=+-@');
    }
  }
  return all;
}

function demand(pattern: RegExp, found: string, setting: string, wanted: string): void {
  if (!pattern.test(found)) throw new EnvironmentError(setting, `${JSON.stringify(found)}, wanted ${wanted}`);
}
