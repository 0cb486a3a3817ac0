import { latin1Of, type Target } from '../target.ts';

export const target: Target = {
  name: 'hungry',
  seeds: ['seed'],
  words: ['!'],
  run(input) {
    const eaten: string[][] = [];
    while (latin1Of(input).includes('!')) eaten.push(new Array<string>(1000).fill('x'));
    return 'full';
  },
};
