// Listens and lets go cleanly: `stop` refuses new connections, lets running requests finish, then closes what is left.
import { isLoopback } from "./loopback.ts";

export interface HttpServer {
  /** Where it listens, such as `http://127.0.0.1:8000`. */
  readonly url: string;
  /** Resolves when no request is running any more, at the latest after `timeoutMs`. */
  stop(timeoutMs: number): Promise<void>;
}

export interface HttpServerOptions {
  readonly hostname: string;
  readonly port: number;
  /** `remoteAddress` costs a look-up: it is asked only when it matters. */
  readonly fetch: (request: Request, remoteAddress: () => string) => Response | Promise<Response>;
  /** With it, https and nothing else. */
  readonly tls?: TlsFiles | undefined;
}

/** What the files hold, in PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

// Above our own limit of 64 KiB, so that the answer to a larger body is ours; below what could fill the memory.
const hardBodyLimitBytes = 32 * 1024 * 1024;

/** Throws when the address is taken; the message names it. */
export function serveHttp(options: HttpServerOptions): HttpServer {
  const { hostname, tls } = options;
  const server = listen(options);
  return {
    url: `${tls === undefined ? "http" : "https"}://${hostname.includes(":") ? `[${hostname}]` : hostname}:${server.port}`,
    async stop(timeoutMs) {
      const finished = server.stop(false);
      const deadline = Promise.withResolvers<void>();
      const timer = setTimeout(deadline.resolve, timeoutMs);
      await Promise.race([finished, deadline.promise]);
      clearTimeout(timer);
      await server.stop(true);
    },
  };
}

/**
 * While `isDraining`, answers are the last of their connection: a load balancer that keeps connections open then sends its
 * next request elsewhere, and none is on its way when the server stops.
 */
export function closingWhile(
  isDraining: () => boolean,
  fetch: HttpServerOptions["fetch"],
): HttpServerOptions["fetch"] {
  async function last(answer: Response | Promise<Response>): Promise<Response> {
    const response = await answer;
    response.headers.set("Connection", "close");
    return response;
  }
  return (...asked) => (isDraining() ? last(fetch(...asked)) : fetch(...asked));
}

function listen({ hostname, port, fetch, tls }: HttpServerOptions) {
  try {
    const options = {
      hostname,
      port,
      // Whoever calls over loopback is this machine: nobody has to be asked.
      fetch: isLoopback(hostname)
        ? (request: Request) => fetch(request, () => hostname)
        : (request: Request, server: Bun.Server<undefined>) =>
            fetch(request, () => server.requestIP(request)?.address ?? "unknown"),
      idleTimeout: 30,
      maxRequestBodySize: hardBodyLimitBytes,
    };
    return tls === undefined ? Bun.serve(options) : Bun.serve({ ...options, tls: { ...tls } });
  } catch (cause) {
    if (isTlsFault(cause)) {
      throw new Error(
        "TLS_CERT_FILE and TLS_KEY_FILE cannot be used: are they in PEM, and does the key belong to the certificate?",
        { cause },
      );
    }
    throw new Error(`${hostname}:${port} cannot be listened on: is another process using the port?`, {
      cause,
    });
  }
}

function isTlsFault(cause: unknown): boolean {
  return (
    cause instanceof Error &&
    !("code" in cause && cause.code === "EADDRINUSE") &&
    /BoringSSL|PEM|TLS|SSL|KEY_VALUES/i.test(cause.message)
  );
}
