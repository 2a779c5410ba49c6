// Promises one create request for every id, as fast as the connections take them, none repeated; and for every id what
// its client was told: that the order is taken, that it is not, or nothing that can be relied on.

export interface CreateOutcome {
  /** 201: must be stored. */
  readonly acknowledged: ReadonlySet<string>;
  /** 4xx: must be stored nowhere. */
  readonly refused: ReadonlySet<string>;
  /** 5xx, reset or no answer: may be stored or not. */
  readonly unknown: ReadonlySet<string>;
  /** The first answer of each status other than 201, for the report. */
  readonly surprises: readonly string[];
  readonly elapsedMs: number;
  /** Milliseconds a request took, at these shares of all requests. */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

export interface CreateOptions {
  /** Base URL of cart. */
  readonly url: string;
  /** Keep-alive connections, each with one request under way. */
  readonly concurrency: number;
  readonly onProgress: (done: number) => void;
}

export async function createOrders(ids: readonly string[], options: CreateOptions): Promise<CreateOutcome> {
  const outcome = { acknowledged: new Set<string>(), refused: new Set<string>(), unknown: new Set<string>() };
  const surprises = new Map<string, string>();
  const latencies = new Float64Array(ids.length);
  let next = 0;
  let done = 0;

  async function client(): Promise<void> {
    for (let index = next++; index < ids.length; index = next++) {
      const id = ids[index] ?? "";
      const sentAt = performance.now();
      const { kind, status, text } = await createOrder(options.url, id, (index % 9) + 1);
      latencies[index] = performance.now() - sentAt;
      outcome[kind].add(id);
      if (kind !== "acknowledged" && !surprises.has(status)) surprises.set(status, `${status}: ${text}`);
      done += 1;
      options.onProgress(done);
    }
  }

  const startedAt = performance.now();
  await Promise.all(Array.from({ length: options.concurrency }, client));
  const elapsedMs = performance.now() - startedAt;
  latencies.sort();
  const at = (share: number) => latencies[Math.min(ids.length - 1, Math.floor(ids.length * share))] ?? 0;
  return {
    ...outcome,
    surprises: [...surprises.values()],
    elapsedMs,
    latencyMs: { p50: at(0.5), p99: at(0.99), max: at(1) },
  };
}

interface Answer {
  readonly kind: "acknowledged" | "refused" | "unknown";
  readonly status: string;
  readonly text: string;
}

async function createOrder(url: string, orderId: string, itemsCount: number): Promise<Answer> {
  try {
    const response = await fetch(`${url}/create-order`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ orderId, itemsCount }),
    });
    const text = await response.text();
    return { kind: kindOf(response.status), status: String(response.status), text: text.slice(0, 200) };
  } catch (error) {
    return { kind: "unknown", status: "no answer", text: String(error) };
  }
}

function kindOf(status: number): Answer["kind"] {
  if (status === 201) return "acknowledged";
  return status >= 400 && status < 500 ? "refused" : "unknown";
}
