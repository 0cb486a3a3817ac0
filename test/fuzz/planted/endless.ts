import { latin1Of, type Target } from '../target.ts';

export const target: Target = {
  name: 'endless',
  seeds: ['seed'],
  words: ['!'],
  run(input) {
    while (latin1Of(input).includes('!'));
    return 'ended';
  },
};
