import type { ParkedEvent } from "../data/told.ts";
import { orderPath } from "../../model/screens.ts";
import { Link } from "../frame/router.tsx";
import { Badge } from "../parts/badge.tsx";
import { JsonText } from "../parts/json-text.tsx";
import { PermittedButton } from "../parts/permitted-button.tsx";
import { Long, Short } from "../parts/text.tsx";
import { Instant, Until } from "../parts/time.tsx";
import type { ParkedOrder } from "./parked-actions.tsx";

interface ParkedRowProps {
  readonly event: ParkedEvent;
  readonly index: number;
  readonly open: boolean;
  readonly onOpen: () => void;
  readonly onOrder: (what: ParkedOrder["what"]) => void;
}

const states = {
  waiting: { mood: "warn", word: "waiting" },
  behind: { mood: "none", word: "behind another" },
  dead: { mood: "bad", word: "on its way to the DLQ" },
} as const;

export function ParkedRow({ event, index, open, onOpen, onOrder }: ParkedRowProps) {
  const { orderId, state, dueAt, attempts, failures, topic, partition, offset } = event;
  const last = failures.at(-1);
  const details = `parked-${index}`;
  return (
    <>
      <tr data-row={index}>
        <td className="strong" data-name="Order">
          <button
            type="button"
            className="opener"
            data-open
            aria-expanded={open}
            aria-controls={open ? details : undefined}
            onClick={onOpen}
          >
            <Short text={orderId} length={60} />
          </button>
        </td>
        <td data-name="State">
          <Badge mood={states[state].mood} word={states[state].word} />
        </td>
        <td data-name="Tried again">
          {dueAt === null ? (
            <span className="absent">{state === "behind" ? "after it" : "never"}</span>
          ) : (
            <Until iso={dueAt} />
          )}
        </td>
        <td className="number" data-name="Attempts">
          {attempts}
        </td>
        <td className="clipped" data-name="Last failure">
          <span>
            {last === undefined ? (
              <span className="absent">not tried yet</span>
            ) : (
              <Short text={last.errorMessage} length={120} />
            )}
          </span>
        </td>
        <td className="mono" data-name="Record">
          {topic}/{partition}:{offset}
        </td>
        <td className="actions">
          {state === "waiting" && (
            <PermittedButton operation="parked.retryNow" onClick={() => onOrder("retry")}>
              Try now
            </PermittedButton>
          )}
          {state !== "dead" && (
            <PermittedButton operation="parked.deadLetterNow" onClick={() => onOrder("dead-letter")}>
              Dead-letter…
            </PermittedButton>
          )}
        </td>
      </tr>
      {open && (
        <tr id={details} className="row-details">
          <td colSpan={7}>
            <div className="two-columns">
              <div>
                <h3>
                  {event.eventType ?? "Undecodable event"} of{" "}
                  <Link href={orderPath(orderId)}>
                    <Short text={orderId} length={60} />
                  </Link>
                </h3>
                {event.event === null ? (
                  <p>The bytes cannot be decoded.</p>
                ) : (
                  <JsonText value={event.event} />
                )}
              </div>
              <div>
                <h3>Failed attempts</h3>
                {failures.length === 0 && <p>None: it has only waited behind another event of its order.</p>}
                <ol className="steps">
                  {failures.map((failure) => (
                    <li key={failure.attempt} className="bad">
                      <p className="step-title">Attempt {failure.attempt}</p>
                      <p className="step-time">
                        <Instant iso={failure.failedAt} full />
                      </p>
                      <div className="step-text">
                        <code>
                          <Short text={failure.errorType} />
                        </code>{" "}
                        <Long text={failure.errorMessage} length={300} />
                      </div>
                    </li>
                  ))}
                </ol>
              </div>
            </div>
          </td>
        </tr>
      )}
    </>
  );
}
