// What operators order about replays. Each order is in the audit before it is carried out; what a job came to is added to the
// entry of its start when it has ended.
import type { ContractFailure } from "../../contract/errors.ts";
import { invalidRequest, replayNotFound } from "../../contract/errors.ts";
import type { ReplayOperations, RequestContext } from "../../contract/ports.ts";
import type { ReplayJob as ToldJob, ReplayOrder } from "../../contract/replays.ts";
import { failed, type Result, success } from "../../contract/result.ts";
import { opaquePlace, readOpaquePlace } from "../opaque-text.ts";
import type { AuditTarget } from "../store/audit.ts";
import type { OrderStore } from "../store/order-store.ts";
import { whileStoreAnswers, whileStoreWrites } from "../while-store-answers.ts";
import { RegistryUnavailable } from "../worker/read-items.ts";
import { checkEdited } from "./check-edited.ts";
import type { LetterState, ReplayJob } from "./domain/replay.ts";
import { type PreviewOptions, previewReplay } from "./preview-replay.ts";
import { readReplayTimeline } from "./replay-timeline.ts";
import type { JobChange } from "./store/replay-store.ts";
import { tellEnd, tellItem, tellJob } from "./tell-replay.ts";
import { startEdited, type StartEditedOptions } from "./start-edited.ts";
import { describeScope, scopeOf } from "./told-scope.ts";

export interface ReplayOperationsOptions extends PreviewOptions, Omit<StartEditedOptions, "store"> {
  readonly store: Pick<OrderStore, "load" | "deadLetters" | "letterFates" | "replays" | "audit">;
  readonly ordersDlqTopic: string;
}

/** A request is answered within 8 s. */
const gatherForMs = 3000;
const cursorPrefix = "replays";

export function createReplayOperations(options: ReplayOperationsOptions): ReplayOperations {
  const { store, ordersDlqTopic, now, newId, onOrdered } = options;
  const { replays, audit, letterFates } = store;

  function order(
    action: string,
    changeOf: (atMs: number) => JobChange,
    target: AuditTarget = {},
  ): (command: ReplayOrder, context: RequestContext) => Promise<Result<ToldJob, ContractFailure>> {
    return ({ id, reason }, { requestId: actor }) =>
      whileStoreWrites(async () => {
        if ((await replays.get(id)) === undefined) return failed(replayNotFound(id));
        const entry = { atMs: now(), action, actor, target: { job: id, ...target }, reason };
        const auditId = await audit.append(entry);
        const job = await replays.change(id, changeOf(now()));
        onOrdered();
        if (job === undefined) return failed(replayNotFound(id));
        await audit.conclude(auditId, { atMs: now(), result: `The replay is ${job.state}` });
        return success(tellJob(job));
      });
  }

  /** Most jobs are whole when they are answered; whoever holds a very large one goes on with it. */
  async function gathered(job: ReplayJob): Promise<ReplayJob> {
    const endMs = now() + gatherForMs;
    let latest = job;
    while (latest.isGathering && now() < endMs) latest = (await replays.gatherOn(job.id)) ?? latest;
    return latest;
  }

  return {
    preview: ({ scope, force }) =>
      whileStoreAnswers(async () => {
        try {
          return success(
            await previewReplay(options, scopeOf(scope, ordersDlqTopic), replayableStates(force)),
          );
        } catch (error) {
          if (!(error instanceof RegistryUnavailable)) throw error;
          return failed({ code: "unavailable", message: "The schema registry cannot be reached." });
        }
      }),

    start: (command, context) =>
      whileStoreWrites(async () => {
        const { scope: told, name, reason, ratePerSecond, canary, autoStopFailureShare, force } = command;
        const id = newId();
        const scope = scopeOf(told, ordersDlqTopic);
        const states = replayableStates(force);
        const matching = await letterFates.count(scope, states);
        const described = { ...describeScope(told), ...(force ? { force: "yes" } : {}) };
        const auditId = await audit.append({
          atMs: now(),
          action: "replays.start",
          actor: context.requestId,
          target: {
            job: id,
            name,
            matching,
            ratePerSecond,
            ...(canary === undefined ? {} : { canary }),
            ...described,
          },
          reason,
        });
        const created = await replays.create(
          {
            id,
            requestId: command.requestId ?? context.idempotencyKey ?? context.requestId,
            name,
            reason,
            actor: context.requestId,
            ratePerSecond,
            canary: canary ?? null,
            autoStopShare: autoStopFailureShare,
            auditId,
            atMs: now(),
            scope: described,
          },
          scope,
          states,
        );
        const job = await gathered(created);
        onOrdered();
        const known = job.id === id ? undefined : `The same request had started the replay ${job.id} before`;
        if (known !== undefined || job.endedAtMs !== null) {
          await audit.conclude(auditId, { atMs: now(), result: known ?? tellEnd(job) });
        }
        return success(tellJob(job));
      }),

    startEdited: (command, context) => whileStoreWrites(() => startEdited(options, command, context)),

    checkEdited: (query) => whileStoreAnswers(() => checkEdited(options, query)),

    timeline: (id) =>
      whileStoreAnswers(async () => {
        const job = await replays.get(id);
        if (job === undefined) return failed(replayNotFound(id));
        return success(await readReplayTimeline(replays, job, now()));
      }),

    get: (id) =>
      whileStoreAnswers(async () => {
        const job = await replays.get(id);
        return job === undefined ? failed(replayNotFound(id)) : success(tellJob(job));
      }),

    list: ({ limit, cursor }) =>
      whileStoreAnswers(async () => {
        const place = cursor === undefined ? undefined : readOpaquePlace(cursor);
        if (cursor !== undefined && place?.prefix !== cursorPrefix) {
          return failed(invalidRequest(["Field 'cursor' is not one of ours"]));
        }
        // One more than asked for tells whether there is a next page.
        const found = await replays.list({
          limit: limit + 1,
          ...(place === undefined ? {} : { beforeNumber: place.number }),
        });
        const jobs = found.slice(0, limit);
        const last = found.length > limit ? jobs.at(-1) : undefined;
        const page = { replays: jobs.map(tellJob) };
        if (last === undefined) return success(page);
        return success({ ...page, nextCursor: opaquePlace({ prefix: cursorPrefix, number: last.number }) });
      }),

    items: ({ id, state, limit, after }) =>
      whileStoreAnswers(async () => {
        if ((await replays.get(id)) === undefined) return failed(replayNotFound(id));
        const found = await replays.listItems({
          jobId: id,
          afterNumber: after,
          limit: limit + 1,
          ...(state === undefined ? {} : { state }),
        });
        const items = found.slice(0, limit);
        const last = found.length > limit ? items.at(-1) : undefined;
        const page = { items: items.map(tellItem) };
        return success(last === undefined ? page : { ...page, nextAfter: last.number });
      }),

    pause: order("replays.pause", () => ({ kind: "pause", cause: "operator" })),
    resume: order("replays.resume", () => ({ kind: "resume" })),
    cancel: order("replays.cancel", (atMs) => ({ kind: "cancel", atMs })),
    setRate: ({ id, ratePerSecond, reason }, context) =>
      order("replays.setRate", () => ({ kind: "rate", ratePerSecond }), { ratePerSecond })(
        { id, reason },
        context,
      ),
  };
}

function replayableStates(force: boolean): readonly LetterState[] {
  return force ? ["open", "quarantined"] : ["open"];
}

/** Adds to the audit what a job came to. */
export async function auditEnd(
  { audit }: Pick<OrderStore, "audit">,
  job: ReplayJob,
  atMs: number,
): Promise<void> {
  await audit.conclude(job.auditId, { atMs, result: tellEnd(job) });
}
