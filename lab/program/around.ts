/** Something done before and after a method of the program, which is what it was otherwise. */

type Method = (...words: never[]) => unknown;

export interface Surroundings<F extends Method> {
  readonly before?: (words: Parameters<F>) => void;
  /** Once it has returned, and its promise has resolved where it gives one; not where it throws. */
  readonly after?: (words: Parameters<F>, result: Awaited<ReturnType<F>>) => void;
  /** Once it has returned, also where its promise has not resolved. */
  readonly returned?: () => void;
}

export function around<F extends Method>(method: F, { before, after, returned }: Surroundings<F>): F {
  return new Proxy(method, {
    apply(target, self: unknown, words: Parameters<F>): unknown {
      before?.(words);
      const result = returning(() => Reflect.apply(target, self, words) as ReturnType<F>, returned);
      if (!(result instanceof Promise)) {
        after?.(words, result as Awaited<ReturnType<F>>);
        return result;
      }
      return result.then((value: Awaited<ReturnType<F>>) => {
        after?.(words, value);
        return value;
      });
    },
  });
}

function returning<T>(call: () => T, returned: (() => void) | undefined): T {
  try {
    return call();
  } finally {
    returned?.();
  }
}
