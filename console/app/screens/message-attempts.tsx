// What happened to a record, in its order: written, each failed attempt with its cause, its dead letter.
import type { ReactNode } from "react";
import type { FailedAttempt } from "../../../contract/dead-letters.ts";
import { counted, spanText } from "../../model/time-text.ts";
import type { LetterDetails } from "../data/told.ts";
import { Panel } from "../parts/panel.tsx";
import { Long, Short } from "../parts/text.tsx";
import { Instant } from "../parts/time.tsx";

interface Step {
  readonly iso: string | null;
  readonly title: ReactNode;
  readonly text?: ReactNode;
  readonly mood: "plain" | "bad" | "end";
}

export function AttemptsLine({ letter }: { readonly letter: LetterDetails }) {
  const steps = stepsOf(letter);
  return (
    <Panel title="History" aside={<span>{counted(letter.attempts, "attempt")}</span>}>
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
