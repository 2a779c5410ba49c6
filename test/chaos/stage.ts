// What a fault may touch: real servers, the services in their places, and the load that runs meanwhile. All of it is real
// processes; nothing is simulated.
import type { OrderHealthReport } from "../../contract/health.ts";
import type { Settings } from "../../service/settings.ts";
import type { KafkaPart } from "../parts/kafka.ts";
import type { PostgresPart } from "../parts/postgres.ts";
import type { RegistryPart } from "../parts/registry.ts";
import type { EventWriter } from "../system/event-writer.ts";
import type { RecordPlace } from "../system/raw-producer.ts";
import type { PlannedRecord } from "./intent.ts";
import type { Random } from "./random.ts";
import type { ClientLine } from "./run-files.ts";

export type Environment = Readonly<Record<string, string>>;

/** A place for one service: port, url and instance name stay, processes come and go. */
export interface Slot {
  /** "cart", "order-1" … */
  readonly name: string;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Whether a process is there, frozen or not. */
  readonly isRunning: boolean;
  /** Resolves when the process is there, which takes requests later; `extra` on top of the stage's environment. Nothing to do where one runs. */
  start(extra?: Environment): Promise<void>;
  /** Resolves with the milliseconds that it took to take requests. */
  untilReady(): Promise<number>;
  /** SIGTERM; its exit code. 0 after a clean stop. */
  stop(): Promise<number>;
  /** SIGKILL. Resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  freeze(): void;
  thaw(): void;
  /** How the process that runs, or ran last, ends: a signal or an exit code. */
  ended(): Promise<NodeJS.Signals | number>;
  /** `/health/detail` of an order; undefined when it does not answer within 2 s. */
  detail(): Promise<OrderHealthReport | undefined>;
  /** Status of a GET; undefined without an answer within 10 s. */
  statusOf(path: string): Promise<number | undefined>;
  /** Pid of the running process, for its memory and its open files. */
  pid(): number;
  /** The last lines of the log of the process that runs or ran last. */
  log(): string;
}

export interface LoadProgress {
  /** Creates that clients have asked cart for, by what they were told. */
  readonly ok: number;
  readonly failed: number;
  readonly unknown: number;
  /** Records that the suite wrote itself and the broker acknowledged. */
  readonly written: number;
}

/** The common load: orders over HTTP and records written past cart, at the rate of the tier. Goes on during faults. */
export interface Load {
  progress(): LoadProgress;
  /** So many more orders at once, as fast as they are taken: work in flight for a fault to bite. */
  burst(orders: number): void;
  /** No new ones until `resume`; what is under way goes on. */
  pause(): void;
  resume(): void;
}

/** What the partitions of order's two topics have, and how far the store is. */
export interface Position {
  /** Records of both topics. */
  readonly published: number;
  /** Of these: applied, parked or dead. */
  readonly read: number;
  readonly parked: number;
}

export interface Stage {
  readonly kafka: KafkaPart;
  readonly registry: RegistryPart;
  readonly postgres: PostgresPart;
  /** Of all services on this stage. */
  readonly environment: Environment;
  readonly settings: Settings;
  readonly brokers: string;
  readonly databaseUrl: string;
  readonly cart: Slot;
  /** At least one; each keeps its partitions over a restart (static membership). */
  readonly orders: readonly [Slot, ...Slot[]];
  /** Of this fault alone: same seed, same numbers. */
  readonly random: Random;
  readonly load: Load;
  /** Events as bytes, for records of one's own. */
  readonly writer: EventWriter;
  /** Writes records past cart. Resolves when all are acknowledged, with their places. The checker accounts for them by their intents. */
  publish(records: readonly PlannedRecord[]): Promise<readonly RecordPlace[]>;
  /** What a client of the fault's own asked of cart and was told, for the account. */
  told(line: ClientLine): void;
  /** Undefined while broker or store do not answer. */
  position(): Promise<Position | undefined>;
  /** Polls until it says true; rejects with `what` after `withinMs`. Resolves with the milliseconds that it took. */
  until(what: string, check: () => Promise<boolean> | boolean, withinMs: number): Promise<number>;
  /** Until all that is published when this is called has been read. Resolves with the milliseconds that it took: the recovery. */
  untilCaughtUp(withinMs: number): Promise<number>;
  /** Until `/health` of a slot answers so. */
  untilHealth(slot: Slot, status: number, withinMs: number): Promise<number>;
  /** A line for the run's diary, with the time. */
  note(what: string): void;
}
