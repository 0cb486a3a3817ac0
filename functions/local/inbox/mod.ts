/**
 * The embedded SMTP server and its web inbox: where mail goes while nobody else should get it.
 *
 * 1. `certificate-authority` makes a CA and a server certificate at start, so that TLS is verified even here.
 * 2. `embedded-server` listens for STARTTLS and implicit TLS; `reception` decides who may send and what is taken.
 * 3. `conversation` records what was said, without secrets and without mail data.
 * 4. `inbox-store` keeps messages in a folder (`incoming-message`, `message-head`, `message-index`, `message-file`).
 * 5. `inbox-page` shows them on loopback: `page-guard` says to whom, `message-view` parses what is looked at,
 *    `harmless-html` and `attachment-name` take the sting out of it, `page-files` and `page/` are what the browser gets.
 * 6. `open-inbox` is all of it with one call.
 */
export { createCertificates } from './certificate-authority.ts';
export type { ConversationLine, ServerConversation } from './conversation.ts';
export { type EmbeddedServer, type EmbeddedServerOptions, startEmbeddedServer } from './embedded-server.ts';
export { InboxError } from './inbox-error.ts';
export { type InboxPage, type InboxPageOptions, startInboxPage } from './inbox-page.ts';
export { InboxStore, type MessageListing, type MessageQuery } from './inbox-store.ts';
export type { IncomingMessage, ReceptionFacts, StoredMessage } from './incoming-message.ts';
export { type OpenInbox, type OpenInboxOptions, openInbox } from './open-inbox.ts';
