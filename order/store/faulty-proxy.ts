// A TCP proxy before a real server, for tests: it can refuse, cut, freeze, and cut at a chosen message, so that the
// suite needs no rights over the server itself and may share it with others.
import { type Socket, type TCPSocketListener, connect, listen } from "bun";

export interface FaultyProxy {
  readonly port: number;
  /** Nobody listens any more, and open connections are cut: the server has been stopped. */
  stop(): void;
  /** Listens again on the same port. */
  start(): void;
  /** Bytes are taken and go nowhere, in both directions: the server or the network is frozen. */
  freeze(): void;
  /** What was held back is delivered, and bytes flow again. */
  thaw(): void;
  /** The connections of now go silent for ever, as behind a firewall that forgot them; new ones work. */
  silence(): void;
  /** Cuts a connection right after a message of the client that contains `text` was delivered: no answer comes back. */
  cutAfter(text: string): void;
  readonly cuts: number;
}

interface Link {
  readonly client: Socket<Link | undefined>;
  server?: Socket<Link>;
  readonly toServer: Buffer[];
  readonly toClient: Buffer[];
  answers: boolean;
  silent: boolean;
}

export function createFaultyProxy(target: { readonly hostname: string; readonly port: number }): FaultyProxy {
  const links = new Set<Link>();
  let listener: TCPSocketListener<Link | undefined> | undefined;
  let frozen = false;
  let cutText: string | undefined;
  let cuts = 0;
  let port = 0;

  function cut(link: Link): void {
    links.delete(link);
    link.client.terminate();
    link.server?.terminate();
  }

  function flush(link: Link): void {
    if (frozen || link.silent || link.server === undefined) return;
    for (const bytes of link.toServer.splice(0)) {
      if (cutText !== undefined && bytes.includes(cutText)) {
        // From here on the server works for nobody: its answer is swallowed, then the connection goes.
        cutText = undefined;
        link.answers = false;
      }
      link.server.write(bytes);
    }
    for (const bytes of link.toClient.splice(0)) link.client.write(bytes);
  }

  async function accept(client: Socket<Link | undefined>): Promise<void> {
    const link: Link = { client, toServer: [], toClient: [], answers: true, silent: false };
    client.data = link;
    links.add(link);
    link.server = await connect<Link>({
      ...target,
      data: link,
      socket: {
        data(_, bytes) {
          if (!link.answers) {
            cuts += 1;
            cut(link);
            return;
          }
          link.toClient.push(Buffer.from(bytes));
          flush(link);
        },
        close: () => cut(link),
      },
    });
    flush(link);
  }

  function start(): void {
    listener = listen<Link | undefined>({
      hostname: "127.0.0.1",
      port,
      socket: {
        open: (client) => void accept(client),
        data(client, bytes) {
          client.data?.toServer.push(Buffer.from(bytes));
          if (client.data !== undefined) flush(client.data);
        },
        close: (client) => {
          if (client.data !== undefined) cut(client.data);
        },
      },
    });
    port = listener.port;
  }

  start();
  return {
    get port() {
      return port;
    },
    get cuts() {
      return cuts;
    },
    start,
    stop() {
      listener?.stop(true);
      for (const link of links) cut(link);
    },
    freeze() {
      frozen = true;
    },
    thaw() {
      frozen = false;
      for (const link of links) flush(link);
    },
    silence() {
      for (const link of links) link.silent = true;
    },
    cutAfter(text) {
      cutText = text;
    },
  };
}
