import { interoperate } from './interoperate.ts';
import { EXIM } from './servers.ts';

interoperate(EXIM);
