// Brings records of the DLQ topics into the index, patiently: the store and the registry being away is waited for. What
// cannot be read, and what the store refuses although it is there, is passed over with a word, so that no topic
// stands still for one record.
import type { KafkaRecord } from "../../kafka/record.ts";
import { type Backoff, backoffMs } from "../../service/backoff.ts";
import type { Clock } from "../../service/clock.ts";
import type { Logger } from "../../service/logger.ts";
import type { DeadLetterIndex, IndexedDeadLetter } from "../store/dead-letter-index.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import type { LetterReader } from "./letter-reader.ts";

export interface LetterAdder {
  /** Resolves with true when each of them is in the index or passed over; with false when `isWanted` has become false. */
  add(records: readonly KafkaRecord[], isWanted: () => boolean): Promise<boolean>;
  /** Ends a wait now: what is wanted may have changed. */
  look(): void;
  readonly waitingFor: string | undefined;
  /** Letters that the index has taken, copies included. */
  readonly added: number;
  /** Records that were passed over. */
  readonly skipped: number;
}

export interface LetterAdderOptions {
  readonly index: Pick<DeadLetterIndex, "add">;
  readonly reader: LetterReader;
  readonly clock: Clock;
  readonly logger: Logger;
}

const awayBackoff: Backoff = { firstMs: 100, maxMs: 5000 };
/** Tries of one letter that the store answers with an error that is no outage. */
const triesOfRefused = 3;

class NotWanted extends Error {}

export function createLetterAdder({ index, reader, clock, logger }: LetterAdderOptions): LetterAdder {
  let waitingFor: string | undefined;
  let endWait: (() => void) | undefined;
  let added = 0;
  let skipped = 0;

  async function waitFor(
    what: string,
    attempt: number,
    reason: string,
    isWanted: () => boolean,
  ): Promise<void> {
    if (!isWanted()) throw new NotWanted();
    if (waitingFor !== what) logger.warn("The dead-letter index waits: nothing is lost", { what, reason });
    waitingFor = what;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = clock.after(backoffMs(awayBackoff, attempt), resolve);
    endWait = resolve;
    await promise;
    cancel();
    endWait = undefined;
    if (!isWanted()) throw new NotWanted();
  }

  function isBack(): void {
    if (waitingFor === undefined) return;
    logger.info("The dead-letter index goes on", { what: waitingFor });
    waitingFor = undefined;
  }

  async function readAll(
    records: readonly KafkaRecord[],
    isWanted: () => boolean,
  ): Promise<readonly IndexedDeadLetter[]> {
    const letters: IndexedDeadLetter[] = [];
    for (const record of records) {
      const letter = await readOne(record, isWanted);
      if (letter !== undefined) letters.push(letter);
    }
    return letters;
  }

  async function readOne(
    record: KafkaRecord,
    isWanted: () => boolean,
  ): Promise<IndexedDeadLetter | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      const reading = await reader.read(record);
      if (reading.kind === "registry-away") {
        await waitFor("the schema registry", attempt, "it does not answer", isWanted);
        continue;
      }
      isBack();
      if (reading.kind === "letter") return reading.letter;
      passOver("A record on the DLQ topic cannot be read: passed over", reading.reason, {
        topic: record.topic,
        partition: record.partition,
        offset: record.offset,
      });
      return undefined;
    }
  }

  function passOver(
    message: string,
    reason: string,
    place: { topic: string; partition: number; offset: number },
  ): void {
    skipped += 1;
    // A flood of them is one line for each power of two.
    if (Number.isInteger(Math.log2(skipped))) logger.error(message, { ...place, reason, skipped });
  }

  async function addLetters(letters: readonly IndexedDeadLetter[], isWanted: () => boolean): Promise<void> {
    const [only] = letters;
    if (only === undefined) return;
    let refusals = 0;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await index.add(letters);
        isBack();
        added += letters.length;
        return;
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) refusals += 1;
        if (refusals > 0 && letters.length > 1) break;
        if (refusals === triesOfRefused) {
          passOver("The store refuses a dead letter: passed over", String(error), {
            topic: only.dlqTopic,
            partition: only.dlqPartition,
            offset: only.dlqOffset,
          });
          return;
        }
        await waitFor("the store", attempt, error instanceof Error ? error.message : String(error), isWanted);
      }
    }
    const middle = Math.ceil(letters.length / 2);
    await addLetters(letters.slice(0, middle), isWanted);
    await addLetters(letters.slice(middle), isWanted);
  }

  return {
    async add(records, isWanted) {
      try {
        const letters = await readAll(records, isWanted);
        await addLetters(letters, isWanted);
        return true;
      } catch (error) {
        if (error instanceof NotWanted) return false;
        throw error;
      }
    },
    look() {
      endWait?.();
    },
    get waitingFor() {
      return waitingFor;
    },
    get added() {
      return added;
    },
    get skipped() {
      return skipped;
    },
  };
}
