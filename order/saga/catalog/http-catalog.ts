// A catalog behind HTTP: one GET for all products, asked when the last answer is older than a few seconds and by one request
// at a time, whoever waits for it. It gets a second; one that keeps failing is not asked for a while, and meanwhile orders
// are refused at once instead of each waiting that second.
import type { ContractFailure } from "../../../contract/errors.ts";
import { failed, success, type Result } from "../../../contract/result.ts";
import { catalogSchema } from "../../../contract/sagas.ts";
import type { Backoff } from "../../../service/backoff.ts";
import type { Clock } from "../../../service/clock.ts";
import type { Logger } from "../../../service/logger.ts";
import { createCallBreaker } from "./call-breaker.ts";
import { pickProducts, type Catalog, type Product } from "./catalog.ts";

export interface HttpCatalogOptions {
  /** Answers a GET with `{"products": [{productId, name, price, stock?}]}`, as our own `GET /api/catalog` does. */
  readonly url: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** For the whole answer. Default 1,000. */
  readonly timeoutMs?: number;
  /** How old an answer may be. Default 5,000. */
  readonly freshMs?: number;
  /** Failures in a row after which it is left alone. Default 5. */
  readonly maxFailures?: number;
  /** How long it is left alone. Default 1 s, doubled with each failed probe, 30 s at most. */
  readonly backoff?: Backoff;
  /** 0 ≤ r < 1; default Math.random. */
  readonly random?: () => number;
}

type Products = ReadonlyMap<string, Product>;
type Asked = Result<Products, ContractFailure>;

const maxAnswerBytes = 4 * 1024 * 1024;

export function createHttpCatalog(options: HttpCatalogOptions): Catalog {
  const { url, clock, logger, timeoutMs = 1000, freshMs = 5000, maxFailures = 5 } = options;
  const { backoff = { firstMs: 1000, maxMs: 30_000 }, random = Math.random } = options;
  const breaker = createCallBreaker({ maxFailures, backoff, random });
  let kept: { readonly products: Products; readonly askedAtMs: number } | undefined;
  let asking: Promise<Asked> | undefined;

  function products(): Promise<Asked> | Asked {
    if (kept !== undefined && clock.nowMs() - kept.askedAtMs < freshMs) return success(kept.products);
    // Whoever comes meanwhile waits for the same answer, so a probe is one call however many orders there are.
    if (asking !== undefined) return asking;
    const waitMs = breaker.waitMs(clock.nowMs());
    if (waitMs > 0) return failed(away(waitMs));
    asking = ask().finally(() => {
      asking = undefined;
    });
    return asking;
  }

  async function ask(): Promise<Asked> {
    const askedAtMs = clock.nowMs();
    const answer = await withinTime((signal) => readProducts(url, signal));
    if (answer.ok) {
      breaker.succeeded();
      kept = { products: answer.value, askedAtMs };
      return answer;
    }
    breaker.failed(clock.nowMs());
    const waitMs = breaker.waitMs(clock.nowMs());
    logger.warn("The catalog did not answer", { reason: answer.failure, nextTryInMs: waitMs });
    return failed(away(waitMs));
  }

  /** Does not wait for work that ignores its signal. */
  function withinTime(
    work: (signal: AbortSignal) => Promise<Result<Products, string>>,
  ): Promise<Result<Products, string>> {
    const stop = new AbortController();
    return new Promise((resolve) => {
      const cancelTimeout = clock.after(timeoutMs, () => {
        resolve(failed(`no whole answer within ${timeoutMs} ms`));
        stop.abort();
      });
      const settle = (result: Result<Products, string>) => {
        cancelTimeout();
        resolve(result);
      };
      work(stop.signal).then(settle, (error) => settle(failed(String(error))));
    });
  }

  return {
    async lookUp(productIds) {
      const all = await products();
      return all.ok ? success(pickProducts(all.value, productIds)) : all;
    },
    async list() {
      const all = await products();
      return all.ok ? success([...all.value.values()]) : all;
    },
  };
}

function away(waitMs: number): ContractFailure {
  return {
    code: "unavailable",
    message: "The product catalog does not answer.",
    retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)),
  };
}

/** The failure is for the log. */
async function readProducts(url: string, signal: AbortSignal): Promise<Result<Products, string>> {
  const response = await fetch(url, { signal, headers: { Accept: "application/json" } });
  if (!response.ok) {
    // What it says beside its status is of no interest, and neither is whether it minds.
    await response.body?.cancel().catch(() => {});
    return failed(`status ${response.status}`);
  }
  const text = await readText(response);
  if (text === undefined) return failed(`more than ${maxAnswerBytes} bytes`);
  const parsed = catalogSchema.safeParse(JSON.parse(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return failed(`not a catalog: ${issue?.path.join(".")} ${issue?.message}`);
  }
  const { products } = parsed.data;
  const byId = new Map(products.map((product) => [product.productId, toProduct(product)]));
  // Which of two prices were the right one?
  return byId.size === products.length ? success(byId) : failed("not a catalog: a productId comes twice");
}

/** Undefined when there is more of it than a catalog can have. */
async function readText(response: Response): Promise<string | undefined> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxAnswerBytes) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function toProduct({
  productId,
  name,
  price,
  stock,
}: {
  productId: string;
  name: string;
  price: number;
  stock?: number | undefined;
}): Product {
  return { productId, name, unitPriceCents: Math.round(price * 100), stock: stock ?? null };
}
