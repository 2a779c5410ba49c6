// Letters on their way to the DLQ topic, in lanes: those of one key one after the other. Knows no broker and no time.
//
// A lane is in one of three states: ready (to be sent with others, or alone), taken (its first letter is being sent), or
// resting (its first letter was refused, and whoever took the lane makes it ready again after a while).
import type { ParkedRecord } from "../store/parked-records.ts";
import type { Trim } from "./build-dead-letter.ts";

export interface Letter {
  readonly record: ParkedRecord;
  readonly lane: LetterLane;
  state: "waiting" | "in-flight" | "published";
  trim: Trim;
  /** Goes out when nothing else is on its way. */
  alone: boolean;
  /** Refusals that were about this letter. */
  failures: number;
  /** Its source is somebody else's: what becomes of it is told to nobody. */
  forgotten: boolean;
}

export interface LetterLane {
  readonly key: string;
  /** In the order of adding; the first one is the one that is sent. */
  readonly letters: Set<Letter>;
}

export interface LetterLanes {
  /** Letters that were added and not dropped. */
  readonly size: number;
  /** Whether some ready lane's first letter has to go alone. */
  readonly hasAlone: boolean;
  /** A record that is here already is not added again; it is no longer forgotten. */
  add(record: ParkedRecord, laneKey: string): void;
  /** Takes the ready lane that has waited longest. Its first letter is answered too. */
  takeReady(): Letter | undefined;
  takeAlone(): Letter | undefined;
  /** A lane that was taken may be taken again, after those that are ready already. */
  makeReady(lane: LetterLane): void;
  /** The letter, first of a taken lane, has left it; the next one is ready. It is counted until it is dropped. */
  complete(letter: Letter): void;
  drop(letters: readonly Letter[]): void;
  /** Letters of these sources that are not on their way are dropped, and answered; the others count as forgotten. */
  forget(sources: ReadonlySet<string>): readonly Letter[];
}

export function createLetterLanes(): LetterLanes {
  const letters = new Map<string, Letter>();
  const lanes = new Map<string, LetterLane>();
  const ready = new Set<LetterLane>();
  const alone = new Set<LetterLane>();

  function makeReady(lane: LetterLane): void {
    const [first] = lane.letters;
    if (first === undefined) lanes.delete(lane.key);
    else (first.alone ? alone : ready).add(lane);
  }

  function take(from: Set<LetterLane>): Letter | undefined {
    const [lane] = from;
    if (lane === undefined) return undefined;
    from.delete(lane);
    const [first] = lane.letters;
    return first;
  }

  function dropOne(letter: Letter): void {
    letters.delete(idOf(letter.record));
    const { lane } = letter;
    if (!lane.letters.delete(letter)) return;
    // A lane that is ready has a first letter. One that is taken or resting is looked at when it is made ready.
    if (ready.delete(lane) || alone.delete(lane)) makeReady(lane);
  }

  return {
    get size() {
      return letters.size;
    },
    get hasAlone() {
      return alone.size > 0;
    },
    add(record, laneKey) {
      const known = letters.get(idOf(record));
      if (known !== undefined) {
        known.forgotten = false;
        return;
      }
      const existing = lanes.get(laneKey);
      const lane = existing ?? { key: laneKey, letters: new Set() };
      const letter: Letter = {
        record,
        lane,
        state: "waiting",
        trim: "whole",
        alone: false,
        failures: 0,
        forgotten: false,
      };
      letters.set(idOf(record), letter);
      lane.letters.add(letter);
      if (existing !== undefined) return;
      lanes.set(laneKey, lane);
      makeReady(lane);
    },
    takeReady: () => take(ready),
    takeAlone: () => take(alone),
    makeReady,
    complete(letter) {
      letter.lane.letters.delete(letter);
      makeReady(letter.lane);
    },
    drop(dropped) {
      for (const letter of dropped) dropOne(letter);
    },
    forget(sources) {
      const dropped: Letter[] = [];
      for (const letter of letters.values()) {
        if (!sources.has(letter.record.source)) continue;
        if (letter.state === "waiting") dropped.push(letter);
        else letter.forgotten = true;
      }
      for (const letter of dropped) dropOne(letter);
      return dropped;
    },
  };
}

function idOf({ source, offset }: ParkedRecord): string {
  return `${source}/${offset}`;
}
