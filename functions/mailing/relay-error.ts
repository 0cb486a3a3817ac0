import { escapeControls } from './problem.ts';

/** The relay's settings cannot be used. */
export class RelayError extends Error {
  readonly code = 'ERR_RELAY';
  constructor(problem: string, options?: ErrorOptions) {
    super(escapeControls(`Cannot use the relay: ${problem}`), options);
    this.name = 'RelayError';
  }
}
