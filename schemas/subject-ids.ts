// Gets the id of every schema that this process writes or reads, in the background: the registry may be away when the
// service starts and for as long as it likes. An id, once known, is kept for good.
import type { SchemaName } from "./events.ts";
import type { SchemaRegistry } from "./registry.ts";
import { schemaCatalog, subjectOf } from "./schema-catalog.ts";

/** A record type on a topic. */
export type TopicSchema = readonly [topic: string, name: SchemaName];

/** What this room needs of the service's logger. */
export interface CodecLogger {
  info(message: string, fields?: Readonly<Record<string, string | number>>): void;
  warn(message: string, fields?: Readonly<Record<string, string | number>>): void;
}

export interface SubjectIds {
  readonly complete: boolean;
  idOf(topic: string, name: SchemaName): number | undefined;
  /** True when every id is known, false when closed before. */
  completed(): Promise<boolean>;
  close(): void;
}

export interface SubjectIdsOptions {
  readonly registry: Pick<SchemaRegistry, "idOf">;
  readonly subjects: readonly TopicSchema[];
  readonly onId: (schemaId: number, name: SchemaName) => void;
  /** Wait before round `attempt` (from 1), in milliseconds. */
  readonly retryDelayMs: (attempt: number) => number;
  readonly logger?: CodecLogger;
}

export function openSubjectIds({
  registry,
  subjects,
  onId,
  retryDelayMs,
  logger,
}: SubjectIdsOptions): SubjectIds {
  const waiting = new Map(subjects.map((pair) => [subjectOf(...pair), pair]));
  const ids = new Map<string, Map<SchemaName, number>>();
  const done = Promise.withResolvers<boolean>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;
  let lastComplaint = "";

  function complain(subject: string, reason: string): void {
    // Once per trouble, not once per attempt.
    if (reason !== lastComplaint) {
      logger?.warn("A schema has no id yet: trying again", { subject, reason });
      lastComplaint = reason;
    }
  }

  function keep(topic: string, name: SchemaName, schemaId: number): void {
    const idsOfTopic = ids.get(topic) ?? new Map<SchemaName, number>();
    ids.set(topic, idsOfTopic.set(name, schemaId));
    onId(schemaId, name);
  }

  async function round(attempt: number): Promise<void> {
    for (const [subject, [topic, name]] of waiting) {
      const answer = await registry.idOf(subject, schemaCatalog[name].definition);
      if (closed) {
        return;
      }
      if (answer.ok) {
        waiting.delete(subject);
        keep(topic, name, answer.value);
        continue;
      }
      complain(subject, answer.failure.message);
      // A registry that is away need not be asked for the others; one that refuses this schema may take them.
      if (answer.failure.kind === "unavailable") {
        break;
      }
    }
    if (waiting.size === 0) {
      logger?.info("Every schema has its id", { subjects: subjects.length });
      done.resolve(true);
      return;
    }
    timer = setTimeout(() => void round(attempt + 1), retryDelayMs(attempt));
  }

  void round(1);

  return {
    get complete() {
      return waiting.size === 0;
    },
    idOf: (topic, name) => ids.get(topic)?.get(name),
    completed: () => done.promise,
    close() {
      closed = true;
      clearTimeout(timer);
      done.resolve(false);
    },
  };
}
