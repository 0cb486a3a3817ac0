/** What only those need who look at mails: no other start of the program loads it. */
export const loadCheck = () => import('./check/mod.ts');
