import { interoperate } from './interoperate.ts';
import { HARAKA } from './servers.ts';

interoperate(HARAKA);
