// What operators do about dead letters, from a terminal or a script: the same procedures as the console's, over the typed client.
import { readContractError } from "../contract/client-error.ts";
import type { OrderClient } from "../contract/client.ts";
import type { ReplayJob } from "../contract/replays.ts";
import { type DlqCommand, readDlqArguments, usage } from "./dlq-arguments.ts";
import {
  accountText,
  auditTable,
  counted,
  groupsTable,
  itemsTable,
  jobsTable,
  lettersTable,
  letterText,
  plain,
  previewText,
} from "./dlq-tables.ts";

export interface Terminal {
  /** One line or several, for whoever reads the answer. */
  out(text: string): void;
  /** For whoever watches: progress and problems. */
  tell(text: string): void;
  /** Draws over the line before; undefined where nobody watches. */
  readonly draw?: (line: string) => void;
  sleep(ms: number): Promise<void>;
}

export const exitCodes = { done: 0, refused: 1, misuse: 2, notWell: 3 } as const;
type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Answers the exit code; throws only for what nobody expected. */
export async function runDlq(
  words: readonly string[],
  client: OrderClient,
  terminal: Terminal,
): Promise<ExitCode> {
  const read = readDlqArguments(words);
  if (!read.ok) {
    terminal.tell(`${read.problem}.\n\n${usage}`);
    return exitCodes.misuse;
  }
  try {
    return await carryOut(read.command, client, terminal);
  } catch (error) {
    const report = readContractError(error);
    if (report === undefined) throw error;
    const advice = report.code === "unauthenticated" ? ["Here the key is ORDERWIRE_KEY's value."] : [];
    terminal.tell(
      [report.message, ...report.problems, ...advice].map((line) => plain(line, 1000)).join("\n"),
    );
    return exitCodes.refused;
  }
}

async function carryOut(command: DlqCommand, client: OrderClient, terminal: Terminal): Promise<ExitCode> {
  const show = (answer: unknown, text: () => string) => {
    terminal.out(command.json ? JSON.stringify(answer) : text());
    return exitCodes.done;
  };
  const showJob = (job: ReplayJob) => show(job, () => jobsTable([job]));
  switch (command.kind) {
    case "ls": {
      const page = await client.dlq.list.query({ ...command.filter, limit: command.limit });
      return show(page, () => lettersTable(page.deadLetters));
    }
    case "count": {
      const answer = await client.dlq.count.query(command.filter);
      return show(answer, () => `${answer.exact ? "" : "at least "}${answer.count}`);
    }
    case "show": {
      const letter = await client.dlq.get.query({ id: command.id });
      return show(letter, () => letterText(letter));
    }
    case "groups": {
      const answer = await client.dlq.groups.query();
      return show(answer, () => groupsTable(answer.groups));
    }
    case "jobs": {
      const page = await client.replays.list.query({ limit: command.limit });
      return show(page, () => jobsTable(page.replays));
    }
    case "items": {
      const { id, state, limit } = command;
      const page = await client.replays.items.query({ id, limit, ...(state === undefined ? {} : { state }) });
      return show(page, () => itemsTable(page.items));
    }
    case "audit": {
      const page = await client.audit.list.query({ limit: command.limit });
      return show(page, () => auditTable(page.entries));
    }
    case "discard":
    case "restore": {
      const { kind, scope, reason } = command;
      const moved = await client.dlq[kind].mutate({ scope, reason });
      return show(moved, () => `${counted(moved.count)} ${kind === "discard" ? "discarded" : "restored"}.`);
    }
    case "replay":
      return replay(command, client, terminal);
    case "wait":
      return untilEnded(command.id, command.json, client, terminal);
    case "resume": {
      const { id, reason, wait } = command;
      const job = await client.replays.resume.mutate({ id, reason });
      return wait ? untilEnded(id, command.json, client, terminal) : showJob(job);
    }
    case "pause":
    case "cancel": {
      const { kind, id, reason } = command;
      return showJob(await client.replays[kind].mutate({ id, reason }));
    }
    case "rate": {
      const { id, ratePerSecond, reason } = command;
      return showJob(await client.replays.setRate.mutate({ id, ratePerSecond, reason }));
    }
  }
}

async function replay(
  command: Extract<DlqCommand, { kind: "replay" }>,
  client: OrderClient,
  terminal: Terminal,
): Promise<ExitCode> {
  const { scope, force, json, dryRun, wait, name, reason, requestId } = command;
  const { ratePerSecond, canary, autoStopFailureShare } = command;
  if (dryRun) {
    const preview = await client.replays.preview.query({ scope, force });
    terminal.out(json ? JSON.stringify(preview) : previewText(preview));
    return exitCodes.done;
  }
  const job = await client.replays.start.mutate({
    scope,
    name,
    reason,
    force,
    ...(ratePerSecond === undefined ? {} : { ratePerSecond }),
    ...(canary === undefined ? {} : { canary }),
    ...(autoStopFailureShare === undefined ? {} : { autoStopFailureShare }),
    ...(requestId === undefined ? {} : { requestId }),
  });
  if (wait) {
    terminal.tell(`Replaying ${job.total} dead letters as ${job.id}`);
    return untilEnded(job.id, json, client, terminal);
  }
  terminal.out(json ? JSON.stringify(job) : jobsTable([job]));
  return exitCodes.done;
}

const lookMs = 250;
const tellMs = 1000;
const barWidth = 30;

/** Ends also when the job pauses: somebody has to look at it. */
async function untilEnded(
  id: string,
  json: boolean,
  client: OrderClient,
  terminal: Terminal,
): Promise<ExitCode> {
  let sinceToldMs = tellMs;
  for (;;) {
    const job = await client.replays.get.query({ id });
    const isOver = job.endedAt !== null || (job.state === "paused" && job.pauseCause !== null);
    if (terminal.draw !== undefined) terminal.draw(progressLine(job));
    else if (sinceToldMs >= tellMs || isOver) {
      terminal.tell(accountText(job));
      sinceToldMs = 0;
    }
    if (isOver) {
      if (terminal.draw !== undefined) terminal.tell("");
      const cause = job.pauseCause === null ? "" : ` (${job.pauseCause})`;
      terminal.out(json ? JSON.stringify(job) : `The replay is ${job.state}${cause}: ${accountText(job)}.`);
      const isCanary = job.pauseCause === "canary";
      if (isCanary && !json) {
        terminal.tell(`The rest goes with: bun run dlq -- resume ${job.id} --reason TEXT --wait`);
      }
      const wentWell = (job.state === "done" || isCanary) && job.counts.failed + job.counts.skipped === 0;
      return wentWell ? exitCodes.done : exitCodes.notWell;
    }
    await terminal.sleep(lookMs);
    sinceToldMs += lookMs;
  }
}

function progressLine(job: ReplayJob): string {
  const share = job.total === 0 ? 1 : (job.total - job.left) / job.total;
  const done = Math.round(share * barWidth);
  const bar = `${"█".repeat(done)}${"░".repeat(barWidth - done)}`;
  return `${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${job.total - job.left}/${job.total}, ${job.counts.failed} failed, ${job.state}`;
}
