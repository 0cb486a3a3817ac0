/** The embedded server or its page cannot be started: a setting of the caller's is to change. */
export class InboxError extends Error {
  readonly code = 'ERR_INBOX';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InboxError';
  }
}
