// Promises HTTP requests one after the other over one kept connection, written on the socket by hand: nothing is ever sent
// twice, and a connection that breaks is an error of the request on it. After `Connection: close` it opens a new one.
import { connect, type Socket } from "node:net";

export interface PlainAnswer {
  readonly status: number;
  readonly body: string;
}

export interface PlainClient {
  /** Rejects when the connection breaks before the whole answer is there. `headers` are this request's own. */
  send(
    method: string,
    path: string,
    body?: string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<PlainAnswer>;
  close(): void;
}

export function createPlainClient(url: string, headers: Readonly<Record<string, string>> = {}): PlainClient {
  const { hostname, port, host } = new URL(url);
  const fixed = headerLines({ host, "content-type": "application/json", ...headers });
  let socket: Socket | undefined;

  function open(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const opened = connect(Number(port), hostname, () => resolve(opened));
      opened.setNoDelay(true);
      opened.once("error", reject);
    });
  }

  function receive(on: Socket): Promise<PlainAnswer & { readonly last: boolean }> {
    return new Promise((resolve, reject) => {
      let text = "";
      const settle = () => {
        on.off("data", onData);
        on.off("close", onClose);
        on.off("error", onClose);
      };
      const onClose = () => {
        settle();
        reject(new Error(`the connection broke after ${text.length} bytes of the answer`));
      };
      const onData = (bytes: Buffer) => {
        text += bytes.toString("latin1");
        const end = text.indexOf("\r\n\r\n");
        if (end < 0) return;
        const head = text.slice(0, end);
        const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
        if (text.length < end + 4 + length) return;
        settle();
        resolve({
          status: Number(head.slice(9, 12)),
          body: text.slice(end + 4, end + 4 + length),
          last: /^connection: *close/im.test(head),
        });
      };
      on.on("data", onData);
      on.on("close", onClose);
      on.on("error", onClose);
    });
  }

  return {
    async send(method, path, body = "", own = {}) {
      // Closed between two requests: nothing of this one was on it.
      if (socket?.destroyed === true) socket = undefined;
      const on = (socket ??= await open());
      const answer = receive(on);
      on.write(
        `${method} ${path} HTTP/1.1\r\n${fixed}${headerLines(own)}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
      try {
        const { status, body: received, last } = await answer;
        if (last) {
          on.destroy();
          socket = undefined;
        }
        return { status, body: received };
      } catch (error) {
        socket = undefined;
        throw error;
      }
    },
    close: () => socket?.destroy(),
  };
}

function headerLines(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
}
