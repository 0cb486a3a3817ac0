/**
 * The embedded SMTP server and its web inbox: where mail goes while nobody else should get it.
 *
 * 1. `certificate-authority` makes a CA and a server certificate at start, so that TLS is verified even here.
 * 2. `embedded-server` listens for STARTTLS and implicit TLS; `reception` decides who may send and what is taken.
 * 3. `conversation` records what was said, without secrets and without mail data.
 * 4. `inbox-store` keeps messages in a folder (`incoming-message`, `message-head`, `message-index`, `message-file`).
 */
export { createCertificates } from './certificate-authority.ts';
export type { ConversationLine, ServerConversation } from './conversation.ts';
export { type EmbeddedServer, type EmbeddedServerOptions, startEmbeddedServer } from './embedded-server.ts';
export { InboxError } from './inbox-error.ts';
export { InboxStore, type MessageListing, type MessageQuery } from './inbox-store.ts';
export type { IncomingMessage, ReceptionFacts, StoredMessage } from './incoming-message.ts';
