// A way to the registry that counts what is asked of it.

export interface CountingRegistry {
  readonly url: string;
  /** How often the schema of an id was asked for. */
  lookUpsOf(schemaId: number): number;
  close(): void;
}

export function openCountingRegistry(target: string): CountingRegistry {
  const asked: string[] = [];
  const base = new URL(target);
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      asked.push(pathname);
      const body = request.body === null ? undefined : await request.arrayBuffer();
      const answer = await fetch(`${base.origin}${pathname}${search}`, {
        method: request.method,
        headers: { "content-type": request.headers.get("content-type") ?? "application/json" },
        ...(body === undefined ? {} : { body }),
      });
      return new Response(await answer.arrayBuffer(), {
        status: answer.status,
        headers: { "content-type": answer.headers.get("content-type") ?? "application/json" },
      });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}${base.pathname}`,
    lookUpsOf: (schemaId) => asked.filter((path) => path.endsWith(`/schemas/ids/${schemaId}`)).length,
    close: () => void server.stop(true),
  };
}
