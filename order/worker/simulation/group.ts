// A simulated consumer group of one topic: who owns which partition, and what its consumers hand over. It keeps the
// promises of kafka/consumer.ts and no more: partitions move at any time, a process that was away too long loses them
// without a word, and commits count only from the owner.
import type { CommitOutcome } from "../../../kafka/commit-queue.ts";
import type { NextOffset, TopicPartition } from "../../../kafka/record.ts";
import type { RecordSink, RecordSource } from "../../consumer-group.ts";
import type { Accounts } from "./accounts.ts";
import type { EventLoop } from "./event-loop.ts";
import type { Machine } from "./machine.ts";
import type { Random } from "./random.ts";
import type { SimulatedPartition } from "./topics.ts";
import { Violation } from "./violation.ts";

interface Assignment {
  readonly partition: SimulatedPartition;
  readonly member: Member;
  /** Index into the log. */
  position: number;
  isPaused: boolean;
  isRevoking: boolean;
}

interface Member {
  readonly machine: Machine;
  readonly sink: RecordSink;
  /** As this process sees it, which may be out of date. */
  readonly assignments: Map<SimulatedPartition, Assignment>;
  isPolling: boolean;
  isLeaving: boolean;
}

/** Broken on purpose, to show that the checker sees it. */
export type GroupFlaw = "commits-what-was-delivered";

export interface SimulatedGroup {
  join(machine: Machine, connect: (source: RecordSource) => RecordSink): void;
  /** Gives every partition an owner; `shuffled` lets owners change. */
  balance(shuffled: boolean): void;
  /** New records are there. */
  announce(partition: SimulatedPartition): void;
  /** Hands everything back and leaves, as a process that is asked to stop. */
  leave(machine: Machine): Promise<void>;
}

export interface GroupOptions {
  readonly partitions: readonly SimulatedPartition[];
  readonly loop: EventLoop;
  readonly random: Random;
  readonly accounts: Pick<Accounts, "onCommit">;
  readonly fail: (violation: Violation) => void;
  readonly flaws: ReadonlySet<GroupFlaw>;
  /** Whether calls are so quick that a revoke has to be. */
  readonly isQuick: boolean;
  readonly trace: ((line: string) => void) | undefined;
}

const revokeTimeoutMs = 6000;
/** Of kafka/consumer.ts, in simulated time. */
const maxStartAtMs = 2000;
/** A revoke waits for one try of the worker: calls take half a second each at most, and no backoff is among them. */
const maxRevokeMs = 4000;

export function createGroup(options: GroupOptions): SimulatedGroup {
  const { partitions, loop, random, accounts, fail, flaws } = options;
  const members: Member[] = [];
  const owners = new Map<SimulatedPartition, Assignment>();
  /** Assignments that are being revoked. */
  const moving = new Map<SimulatedPartition, Assignment>();

  function tell(what: string, { partition, member }: Assignment): void {
    options.trace?.(`${loop.nowMs} ${member.machine.name} ${what} ${partition.source}`);
  }

  function assign(partition: SimulatedPartition, member: Member): void {
    const assignment: Assignment = {
      partition,
      member,
      position: 0,
      isPaused: false,
      isRevoking: false,
    };
    owners.set(partition, assignment);
    const begin = (startAt: number) => {
      if (owners.get(partition) !== assignment) return;
      const position = partition.log.findIndex(({ record }) => record.offset >= startAt);
      assignment.position = position === -1 ? partition.log.length : position;
      const isTold = member.assignments.delete(partition) && random.chance(0.7);
      tell("assigned", assignment);
      if (isTold) member.sink.onLost([partition]);
      member.assignments.set(partition, assignment);
      member.sink.onAssigned([topicPartition(partition)]);
      poll(member);
    };
    member.machine.after(random.between(0, 5), () => {
      let hasBegun = false;
      const beginOnce = (startAt: number | undefined) => {
        if (hasBegun) return;
        hasBegun = true;
        begin(startAt ?? partition.committed);
      };
      member.machine.after(maxStartAtMs, () => beginOnce(undefined));
      const asked = member.sink.startAt?.([topicPartition(partition)]);
      if (asked === undefined) beginOnce(undefined);
      else
        void asked.then(
          ([place]) => beginOnce(place?.nextOffset),
          () => beginOnce(undefined),
        );
    });
  }

  function poll(member: Member): void {
    if (member.isPolling) return;
    member.isPolling = true;
    member.machine.after(random.pick([0, 1, 10, 50]), () => {
      member.isPolling = false;
      const records = [...member.assignments.values()].flatMap((assignment) => {
        if (assignment.isPaused || assignment.isRevoking) return [];
        const end = assignment.position + random.between(1, 12);
        const delivered = assignment.partition.log.slice(assignment.position, end);
        assignment.position += delivered.length;
        return delivered.map(({ record }) => record);
      });
      if (records.length === 0) return;
      options.trace?.(
        `${loop.nowMs} ${member.machine.name} gets ${records.map(({ topic, partition, offset }) => `${topic}/${partition} ${offset}`).join(", ")}`,
      );
      member.sink.onRecords(records);
      poll(member);
    });
  }

  function revoke(assignment: Assignment, then: () => void): void {
    const { partition, member } = assignment;
    const startedAtMs = loop.nowMs;
    moving.set(partition, assignment);
    const finish = () => {
      if (moving.get(partition) !== assignment) return;
      moving.delete(partition);
      if (owners.get(partition) === assignment) owners.delete(partition);
      if (member.assignments.get(partition) === assignment) member.assignments.delete(partition);
      then();
    };
    const watch = loop.after(maxRevokeMs, () => {
      const { isAlive, pausedUntilMs, name } = member.machine;
      if (!isAlive || pausedUntilMs >= startedAtMs || !options.isQuick || !assignment.isRevoking) return;
      fail(new Violation(`${name} does not let go of ${partition.source}`));
    });
    loop.after(revokeTimeoutMs, finish);
    member.machine.after(0, () => {
      if (member.assignments.get(partition) !== assignment) {
        finish();
        return;
      }
      assignment.isRevoking = true;
      tell("revoking", assignment);
      void member.sink.onRevoked([topicPartition(partition)]).then(() => {
        watch();
        tell("revoked", assignment);
        finish();
      });
    });
  }

  /** The session is over: the process hears of it later, if it lives. */
  function lose(assignment: Assignment): void {
    const { partition, member } = assignment;
    owners.delete(partition);
    member.machine.after(random.between(0, 300), () => {
      if (member.assignments.get(partition) !== assignment) return;
      member.assignments.delete(partition);
      tell("lost", assignment);
      member.sink.onLost([topicPartition(partition)]);
    });
  }

  function commit(member: Member, offsets: readonly NextOffset[]): Promise<CommitOutcome> {
    const assignments = offsets.map(({ topic, partition }) =>
      [...member.assignments.values()].find(
        (own) => own.partition.topic === topic && own.partition.partition === partition,
      ),
    );
    const work = (): CommitOutcome => {
      if (assignments.some((own) => own === undefined || owners.get(own.partition) !== own)) return fenced;
      for (const [index, assignment] of assignments.entries()) {
        const offset = offsets[index];
        if (assignment === undefined || offset === undefined) continue;
        const { partition } = assignment;
        const delivered = partition.log[assignment.position - 1]?.record.offset ?? 0;
        const nextOffset = flaws.has("commits-what-was-delivered")
          ? Math.max(offset.nextOffset, delivered + 1)
          : offset.nextOffset;
        accounts.onCommit(partition, { ...offset, nextOffset });
        partition.committed = nextOffset;
      }
      return { ok: true };
    };
    return member.machine.call("kafka", work, () => unavailable);
  }

  function setPaused(member: Member, places: readonly TopicPartition[], isPaused: boolean): void {
    for (const assignment of member.assignments.values()) {
      const { topic, partition } = assignment.partition;
      if (places.some((place) => place.topic === topic && place.partition === partition)) {
        assignment.isPaused = isPaused;
        tell(isPaused ? "paused" : "resumed", assignment);
      }
    }
    if (!isPaused) poll(member);
  }

  const isFit = ({ machine, isLeaving }: Member) => machine.isAlive && !machine.isPaused && !isLeaving;

  function place(partition: SimulatedPartition): void {
    const fit = members.filter(isFit);
    if (fit.length > 0 && !owners.has(partition)) assign(partition, random.pick(fit));
  }

  return {
    join(machine, connect) {
      const assignments = new Map<SimulatedPartition, Assignment>();
      const source: RecordSource = {
        pause: (places) => setPaused(member, places, true),
        resume: (places) => setPaused(member, places, false),
        commit: (offsets) => commit(member, offsets),
      };
      const member: Member = {
        machine,
        assignments,
        sink: connect(source),
        isPolling: false,
        isLeaving: false,
      };
      members.push(member);
    },
    balance(shuffled) {
      for (const partition of partitions) {
        if (moving.has(partition)) continue;
        const owner = owners.get(partition);
        if (owner === undefined) place(partition);
        else if (owner.member.machine.isPaused || !owner.member.machine.isAlive) {
          lose(owner);
          place(partition);
        } else if (shuffled && random.chance(0.6)) revoke(owner, () => place(partition));
      }
    },
    announce(partition) {
      const owner = owners.get(partition);
      if (owner !== undefined) poll(owner.member);
    },
    async leave(machine) {
      const member = members.find((other) => other.machine === machine);
      if (member === undefined) return;
      member.isLeaving = true;
      await Promise.all(
        [...member.assignments.values()].map(
          (assignment) =>
            new Promise<void>((resolve) => {
              const isOurs = owners.get(assignment.partition) === assignment;
              if (!isOurs || moving.has(assignment.partition)) resolve();
              else revoke(assignment, resolve);
            }),
        ),
      );
    },
  };
}

const fenced: CommitOutcome = { ok: false, failure: { kind: "fenced", code: 22 } };
const unavailable: CommitOutcome = { ok: false, failure: { kind: "unavailable", code: -185 } };

function topicPartition({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition };
}
