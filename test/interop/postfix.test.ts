import { interoperate } from './interoperate.ts';
import { POSTFIX } from './servers.ts';

interoperate(POSTFIX);
