import { interoperate } from './interoperate.ts';
import { SENDMAIL } from './servers.ts';

interoperate(SENDMAIL);
