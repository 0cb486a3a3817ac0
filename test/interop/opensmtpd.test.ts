import { interoperate } from './interoperate.ts';
import { OPENSMTPD } from './servers.ts';

interoperate(OPENSMTPD);
