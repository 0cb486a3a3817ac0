import { interoperate } from './interoperate.ts';
import { AIOSMTPD } from './servers.ts';

interoperate(AIOSMTPD);
