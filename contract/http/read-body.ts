// A request's body as text or JSON: never more than the limit in memory, never later than the deadline, and only what
// is really UTF-8 and really JSON. Everything a client can get wrong here is a failure with its own sentence.
import { invalidRequest, type ContractFailure } from "../errors.ts";
import type { Conditions } from "../perform.ts";
import { failed, success, type Result } from "../result.ts";

export interface BodyLimits extends Pick<Conditions, "deadlineMs" | "timer"> {
  readonly maxBodyBytes: number;
}

type Bytes = Result<Uint8Array, ContractFailure>;

// Stateless between calls, because none of them streams.
const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/** The content type is not looked at: `curl -d` sends a form's, and the documented calls are made with it. */
export async function readJsonBody(
  request: Request,
  limits: BodyLimits,
): Promise<Result<unknown, ContractFailure>> {
  const text = await readBodyText(request, limits);
  if (!text.ok) return text;
  if (text.value.trim() === "") return failed(invalidRequest(["The body is empty: send a JSON object"]));
  try {
    return success(JSON.parse(text.value));
  } catch (error) {
    // An engine that parses recursively gives up on deep nesting with a RangeError.
    const reason = error instanceof RangeError ? "nested too deeply" : "not valid JSON";
    return failed(invalidRequest([`The body is ${reason}`]));
  }
}

/** A byte order mark is dropped. */
export async function readBodyText(
  request: Request,
  limits: BodyLimits,
): Promise<Result<string, ContractFailure>> {
  const declared = declaredLength(request.headers);
  if (declared !== undefined && declared > limits.maxBodyBytes) return failed(tooLarge(limits));
  const bytes = await readInTime(request, declared, limits);
  if (!bytes.ok) return bytes;
  try {
    return success(strictUtf8.decode(bytes.value));
  } catch {
    return failed(invalidRequest(["The body is not valid UTF-8"]));
  }
}

function declaredLength(headers: Headers): number | undefined {
  const value = headers.get("content-length");
  return value !== null && /^[0-9]{1,15}$/.test(value) ? Number(value) : undefined;
}

/** Slow clients and clients that vanish half-way are both theirs to answer for, not ours. */
function readInTime(request: Request, declared: number | undefined, limits: BodyLimits): Promise<Bytes> {
  return new Promise((resolve) => {
    // A server has already framed a declared body, so it can be taken in one piece; others are counted as they come.
    const stop = declared === undefined ? new AbortController() : undefined;
    const cancelDeadline = limits.timer.after(limits.deadlineMs, () => {
      stop?.abort();
      const message = `The body did not arrive within ${limits.deadlineMs / 1000} s`;
      resolve(failed({ code: "request_timeout", message }));
    });
    const settle = (bytes: Bytes) => {
      cancelDeadline();
      resolve(bytes);
    };
    const reading =
      stop === undefined ? readWhole(request, limits) : readCounting(request, limits, stop.signal);
    reading.then(settle, () => settle(failed(invalidRequest(["The body could not be read to its end"]))));
  });
}

async function readWhole(request: Request, limits: BodyLimits): Promise<Bytes> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  return bytes.byteLength > limits.maxBodyBytes ? failed(tooLarge(limits)) : success(bytes);
}

async function readCounting(request: Request, limits: BodyLimits, stop: AbortSignal): Promise<Bytes> {
  if (request.body === null) return success(new Uint8Array(0));
  const reader = request.body.getReader();
  // The rest is of no interest, and neither is whether the sender minds.
  const abandon = () => void reader.cancel().catch(() => {});
  stop.addEventListener("abort", abandon, { once: true });
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return success(joined(chunks, length));
    length += value.byteLength;
    if (length > limits.maxBodyBytes) {
      abandon();
      return failed(tooLarge(limits));
    }
    chunks.push(value);
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = chunks;
  if (only !== undefined && chunks.length === 1) return only;
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function tooLarge({ maxBodyBytes }: BodyLimits): ContractFailure {
  return { code: "payload_too_large", message: `The body must be at most ${maxBodyBytes / 1024} KB` };
}
