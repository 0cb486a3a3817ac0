import { latin1Of, type Target } from '../target.ts';

export const target: Target = {
  name: 'deadly',
  seeds: ['seed'],
  words: ['!'],
  run(input) {
    if (latin1Of(input).includes('!')) process.abort();
    return 'alive';
  },
};
