// Listens and lets go cleanly: `stop` refuses new connections, lets running requests finish, then closes what is left.

export interface HttpServer {
  /** Where it listens, such as `http://127.0.0.1:8000`. */
  readonly url: string;
  /** Resolves when no request is running any more, at the latest after `timeoutMs`. */
  stop(timeoutMs: number): Promise<void>;
}

export interface HttpServerOptions {
  readonly hostname: string;
  readonly port: number;
  readonly fetch: (request: Request) => Response | Promise<Response>;
}

// Above our own limit of 64 KiB, so that the answer to a larger body is ours; below what could fill the memory.
const hardBodyLimitBytes = 32 * 1024 * 1024;

/** Throws when the address is taken; the message names it. */
export function serveHttp({ hostname, port, fetch }: HttpServerOptions): HttpServer {
  const server = listen({ hostname, port, fetch });
  return {
    url: `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${server.port}`,
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

function listen({ hostname, port, fetch }: HttpServerOptions) {
  try {
    return Bun.serve({ hostname, port, fetch, idleTimeout: 30, maxRequestBodySize: hardBodyLimitBytes });
  } catch (cause) {
    throw new Error(`${hostname}:${port} cannot be listened on: is another process using the port?`, {
      cause,
    });
  }
}
