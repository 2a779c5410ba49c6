// What happened to a record, in its order: written, each failed attempt with its cause, its dead letter.
import type { ReactNode } from "react";
import type { FailedAttempt } from "../../../contract/dead-letters.ts";
import { counted, spanText } from "../../model/time-text.ts";
import { itemWords } from "../../model/replay-progress.ts";
import { pathOf } from "../../model/screens.ts";
import type { LetterDetails, LetterReplay } from "../data/told.ts";
import { Link } from "../frame/router.tsx";
import { Panel } from "../parts/panel.tsx";
import { Long, Short } from "../parts/text.tsx";
import { Instant } from "../parts/time.tsx";

interface Step {
  readonly iso: string | null;
  readonly title: ReactNode;
  readonly text?: ReactNode;
  readonly mood: "plain" | "bad" | "end" | "good";
}

export function AttemptsLine({ letter }: { readonly letter: LetterDetails }) {
  const steps = inTime([...stepsOf(letter), ...letter.history.flatMap(replaySteps)]);
  const { attempts, history } = letter;
  const told = history.length === 0 ? "" : `, ${counted(history.length, "replay")}`;
  return (
    <Panel title="History" aside={<span>{counted(attempts, "attempt") + told}</span>}>
      <ol className="steps">
        {steps.map(({ iso, title, text, mood }, index) => (
          <li key={index} className={mood}>
            <p className="step-title">
              {title}
              <Gap since={steps[index - 1]?.iso ?? null} iso={iso} />
            </p>
            {iso !== null && (
              <p className="step-time">
                <Instant iso={iso} full />
              </p>
            )}
            {text !== undefined && <div className="step-text">{text}</div>}
          </li>
        ))}
      </ol>
    </Panel>
  );
}

function stepsOf(letter: LetterDetails): readonly Step[] {
  const { originalTopic, originalPartition, originalOffset } = letter;
  const { deadLetterTopic, deadLetterPartition, deadLetterOffset } = letter;
  const written: Step = {
    iso: letter.recordedAt,
    title: "Record written",
    text: `${originalTopic}/${originalPartition}, offset ${originalOffset}${letter.recordedAt === null ? "; it has no time" : ""}`,
    mood: "plain",
  };
  return [
    written,
    ...firstFailure(letter),
    ...letter.failures.flatMap((failure, index): Step[] => {
      const before = letter.failures[index - 1];
      const missing = before === undefined ? failure.attempt - 1 : failure.attempt - before.attempt - 1;
      const gap: Step[] =
        missing > 0
          ? [
              {
                iso: null,
                title: `${counted(missing, "attempt")} more`,
                text: "Not kept one by one",
                mood: "bad",
              },
            ]
          : [];
      return [...gap, attemptStep(failure)];
    }),
    {
      iso: letter.lastFailureAt,
      title: "Dead letter",
      text: `${deadLetterTopic}/${deadLetterPartition}, offset ${deadLetterOffset}`,
      mood: "end",
    },
  ];
}

const endMoods = { ok: "good", bad: "bad", warn: "plain", none: "plain" } as const;

/** A later failure has taken the place of the first one's attempts; when it was is still known. */
function firstFailure({ firstFailureAt, failures }: LetterDetails): readonly Step[] {
  const [first] = failures;
  if (first === undefined || first.attempt > 1) return [];
  if (Date.parse(firstFailureAt) >= Date.parse(first.failedAt)) return [];
  const text = "Its attempts gave way to those of a later failure";
  return [{ iso: firstFailureAt, title: "Failed first", text, mood: "bad" }];
}

/** A replay that failed leaves its attempts among those of the letter, so they are all put in the order in which they were. */
function inTime(steps: readonly Step[]): readonly Step[] {
  let last = Number.NEGATIVE_INFINITY;
  const timed = steps.map((step) => {
    const ms = step.iso === null ? Number.NaN : Date.parse(step.iso);
    // What has no time stays behind what it followed.
    last = Number.isNaN(ms) ? last : ms;
    return { step, ms: last };
  });
  const [written, ...others] = timed;
  if (written === undefined) return [];
  return [written, ...others.toSorted((left, right) => left.ms - right.ms)].map(({ step }) => step);
}

function replaySteps(replay: LetterReplay): readonly Step[] {
  const { jobId, jobName, startedAt, settledAt, state, failure, edited } = replay;
  const { word, mood } = itemWords[state];
  const started: Step = {
    iso: startedAt,
    title: edited ? "Edited and replayed" : "Replayed",
    text: (
      <>
        <Link href={pathOf({ screen: "replay", id: jobId })}>
          <Short text={jobName} length={100} />
        </Link>
        : <Short text={replay.reason} length={200} />
      </>
    ),
    mood: "plain",
  };
  if (settledAt === null) return [started, { iso: null, title: `Its replay is ${word}`, mood: "plain" }];
  const ended: Step = {
    iso: settledAt,
    title: `Replay: ${word}`,
    ...(failure === null ? {} : { text: <Long text={failure.errorMessage} length={240} /> }),
    mood: endMoods[mood],
  };
  return [started, ended];
}

function attemptStep({ attempt, failedAt, errorType, errorMessage }: FailedAttempt): Step {
  return {
    iso: failedAt,
    title: `Attempt ${attempt} failed`,
    text: (
      <>
        <code>
          <Short text={errorType} />
        </code>{" "}
        <Long text={errorMessage} length={240} />
      </>
    ),
    mood: "bad",
  };
}

function Gap({ since, iso }: { readonly since: string | null; readonly iso: string | null }) {
  if (since === null || iso === null) return null;
  const ms = Date.parse(iso) - Date.parse(since);
  return ms > 0 && Number.isFinite(ms) ? <span className="step-gap">+{spanText(ms)}</span> : null;
}
