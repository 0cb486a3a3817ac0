import { interoperate } from './interoperate.ts';
import { SMTP_SERVER } from './servers.ts';

interoperate(SMTP_SERVER);
