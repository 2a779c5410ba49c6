// Promises the common load: orders n, n + 1, … of the plan at a given rate, each step of them once, over connections that
// ask one thing at a time; and a line for every answer that a client got. It slows down where the system does not keep up, and goes
// on while it is broken.
import type { EventWriter } from "../system/event-writer.ts";
import type { RawProducer } from "../system/raw-producer.ts";
import { type PlannedStep, planOrder, type Step } from "./order-plan.ts";
import {
  createRequest,
  createRequestClient,
  type HttpRequest,
  type RequestClient,
  statusRequest,
  wrongRequest,
} from "./request-client.ts";
import type { ClientLine, LineWriter } from "./run-files.ts";
import type { Load } from "./stage.ts";
import { plannedRecord } from "./write-step.ts";

export interface LoadOptions {
  readonly seed: number;
  readonly ordersPerSecond: number;
  readonly connections: number;
  readonly cartUrl: string;
  readonly producer: RawProducer;
  readonly topics: Readonly<Record<"orders" | "statusUpdates", string>>;
  readonly writer: EventWriter;
  readonly clients: LineWriter<ClientLine>;
}

export interface OpenLoad extends Load {
  setRate(ordersPerSecond: number): void;
  /** No new orders; resolves when every step of those that were begun is done. */
  finish(): Promise<void>;
  close(): void;
}

type AskStep = Extract<Step, { kind: `ask-${string}` }>;
interface Question {
  readonly orderId: string;
  readonly step: AskStep;
  readonly attempt: number;
}

const tickMs = 10;
const mostUnacknowledged = 5000;
/** Where a service does not answer, its clients do not ask on without a break. */
const breakMs = 200;
/** A client with a key asks until it knows. */
const mostAttempts = 200;

export function openLoad(options: LoadOptions): OpenLoad {
  const { seed, connections, producer, topics, writer, clients } = options;
  const counts = { ok: 0, failed: 0, unknown: 0, written: 0 };
  const questions: Question[] = [];
  const later = new Map<number, PlannedStep[]>();
  const idle: (() => void)[] = [];
  let { ordersPerSecond } = options;
  let next = 0;
  let place = 0;
  let allowance = 0;
  let burst = 0;
  let unacknowledged = 0;
  let busy = 0;
  let waiting = 0;
  let isPaused = false;
  let isEnding = false;
  let isClosed = false;
  let askedAt = performance.now();

  function pushQuestion(question: Question): void {
    questions.push(question);
    idle.pop()?.();
  }

  function take({ orderId, step }: PlannedStep): void {
    if (step.kind === "ask-create" || step.kind === "ask-status" || step.kind === "ask-wrongly") {
      pushQuestion({ orderId, step, attempt: 1 });
      return;
    }
    const record = plannedRecord(writer, orderId, step);
    unacknowledged += 1;
    // One that is not acknowledged in a minute may be there or not; the checker reads the topics and relies on neither.
    void producer
      .produce({ ...record, topic: topics[record.topic] })
      .then(() => (counts.written += 1))
      .catch(() => undefined)
      .finally(() => (unacknowledged -= 1));
  }

  /** One order, or in the end only what is left of those before. */
  function advance(): void {
    if (!isEnding) {
      for (const planned of planOrder(seed, next)) {
        if (planned.after === 0) take(planned);
        else {
          const due = place + planned.after;
          const others = later.get(due);
          if (others === undefined) later.set(due, [planned]);
          else others.push(planned);
        }
      }
      next += 1;
    }
    for (const planned of later.get(place) ?? []) take(planned);
    later.delete(place);
    place += 1;
  }

  const timer = setInterval(() => {
    const now = performance.now();
    const elapsedMs = now - askedAt;
    askedAt = now;
    if (isPaused && !isEnding) return;
    allowance = Math.min(allowance + (ordersPerSecond * elapsedMs) / 1000, Math.max(1, ordersPerSecond / 2));
    // A system that does not keep up is not buried.
    const hasRoom = () => questions.length < connections * 2 && unacknowledged < mostUnacknowledged;
    while (hasRoom() && (burst > 0 || allowance >= 1)) {
      if (burst > 0) burst -= 1;
      else allowance -= 1;
      advance();
    }
  }, tickMs);

  async function client(): Promise<void> {
    const connection = createRequestClient(options.cartUrl);
    while (!isClosed) {
      const question = questions.shift();
      if (question === undefined) {
        await new Promise<void>((resolve) => idle.push(resolve));
        continue;
      }
      busy += 1;
      const needsBreak = await answer(connection, question);
      busy -= 1;
      if (needsBreak) await Bun.sleep(breakMs);
    }
    connection.close();
  }

  /** Whether the service is not there. */
  async function answer(connection: RequestClient, question: Question): Promise<boolean> {
    const { orderId, step, attempt } = question;
    const told = await connection.ask(requestOf(orderId, step));
    clients.write({ ...lineOf(orderId, step), ...told });
    if (step.kind === "ask-create") {
      if (told.outcome !== "unknown") {
        if (told.outcome === "ok") counts.ok += 1;
        else counts.failed += 1;
        if (step.asksAgain && step.idempotencyKey !== undefined && attempt === 1) again(question, 0);
      } else if (step.idempotencyKey !== undefined && attempt < mostAttempts && !isClosed) {
        again(question, breakMs * Math.min(attempt, 10));
      } else counts.unknown += 1;
    } else if (step.kind === "ask-wrongly" && told.outcome === "fail") counts.failed += 1;
    return told.outcome === "unknown";
  }

  function again(question: Question, delayMs: number): void {
    waiting += 1;
    setTimeout(() => {
      waiting -= 1;
      pushQuestion({ ...question, attempt: question.attempt + 1 });
    }, delayMs);
  }

  const workers = Array.from({ length: connections }, client);
  return {
    progress: () => ({ ...counts }),
    burst: (orders) => void (burst += orders),
    pause: () => void (isPaused = true),
    resume: () => void (isPaused = false),
    setRate: (rate) => void (ordersPerSecond = rate),
    async finish() {
      isEnding = true;
      while (later.size > 0 || questions.length > 0 || busy > 0 || waiting > 0 || unacknowledged > 0) {
        burst = Math.max(burst, 100);
        await Bun.sleep(tickMs);
      }
    },
    close() {
      isClosed = true;
      clearInterval(timer);
      for (const wake of idle.splice(0)) wake();
      void Promise.all(workers);
    },
  };
}

function requestOf(orderId: string, step: AskStep): HttpRequest {
  switch (step.kind) {
    case "ask-create":
      return createRequest(orderId, step);
    case "ask-status":
      return statusRequest(orderId, step);
    case "ask-wrongly":
      return wrongRequest(orderId, step);
  }
}

function lineOf(orderId: string, step: AskStep): Omit<ClientLine, "outcome" | "answer"> {
  switch (step.kind) {
    case "ask-create": {
      const { system, way, idempotencyKey } = step;
      const key = idempotencyKey === undefined ? {} : { idempotencyKey };
      return { request: "create", system, way, orderId, ...key };
    }
    case "ask-status":
      return { request: "status", system: step.system, way: step.way, orderId, status: step.status };
    case "ask-wrongly":
      return { request: "create", system: step.system, way: "plain", orderId };
  }
}
