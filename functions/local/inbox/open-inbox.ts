/** The whole inbox with one call: a folder, a server that fills it, a page that shows it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EmbeddedServer, type EmbeddedServerOptions, startEmbeddedServer } from './embedded-server.ts';
import { type InboxPage, startInboxPage } from './inbox-page.ts';
import { InboxStore } from './inbox-store.ts';

export interface OpenInboxOptions extends Omit<EmbeddedServerOptions, 'store'> {
  /** Where the messages are kept; made when missing. */
  readonly folder: string;
  /** Port of the page. Default 0: any that is free. */
  readonly httpPort?: number;
}

export interface OpenInbox {
  readonly store: InboxStore;
  readonly server: EmbeddedServer;
  readonly page: InboxPage;
  /** File with the authority's certificate, for other programs to trust. */
  readonly caFile: string;
  close(): Promise<void>;
}

/** @throws InboxError */
export async function openInbox(options: OpenInboxOptions): Promise<OpenInbox> {
  const store = await InboxStore.open(options.folder);
  const server = await startEmbeddedServer({ ...options, store });
  try {
    const page = await startInboxPage({ store, server, port: options.httpPort ?? 0 });
    const caFile = join(options.folder, 'ca.pem');
    await writeFile(caFile, server.ca);
    const close = async (): Promise<void> => {
      await Promise.all([page.close(), server.close()]);
    };
    return { store, server, page, caFile, close };
  } catch (error) {
    await server.close();
    throw error;
  }
}
