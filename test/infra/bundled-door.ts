/** A door for the bundler's test: it enters the rooms that doors enter, and needs what is loaded only for faulty files. */
import { VARIABLES } from '#aws';
import { openS3Store } from '#aws/s3';
import { formatProblem, jsonFileReader } from '#mailing';

const read = jsonFileReader({
  type: 'object',
  additionalProperties: false,
  properties: { region: { type: 'string' } },
});

export async function handler(text: string): Promise<{ store: string; variable: string; problems: string[] }> {
  const { problems } = read('job.json', text);
  return { store: typeof openS3Store, variable: VARIABLES.bucket, problems: problems.map(formatProblem) };
}
