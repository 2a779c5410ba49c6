// What stands where an answer would stand: still reading, could not read, nothing there, nothing that matches. Four
// different things that must not look alike.
import type { ReactNode } from "react";
import type { Trouble } from "../data/trouble.ts";
import { CopyButton } from "./copy-button.tsx";
import { Icon, type IconName } from "./icon.tsx";
import { Visible } from "./text.tsx";

interface NoticeProps {
  readonly kind: "calm" | "trouble" | "plain";
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ReactNode;
}

export function Notice({ kind, icon, title, children }: NoticeProps) {
  return (
    <div className={`notice ${kind}`} role={kind === "trouble" ? "alert" : undefined}>
      <Icon name={icon} />
      <div>
        <p className="notice-title">{title}</p>
        {children}
      </div>
    </div>
  );
}

interface TroubleNoticeProps {
  readonly trouble: Trouble;
  /** What could not be done: `The dead letters could not be read`. */
  readonly title: string;
  readonly onAgain?: (() => void) | undefined;
}

export function TroubleNotice({ trouble, title, onAgain }: TroubleNoticeProps) {
  return (
    <Notice kind="trouble" icon="alert" title={title}>
      <p>
        <Visible text={trouble.what} />
        {/[.!?]$/.test(trouble.what) ? "" : "."} {trouble.advice}
      </p>
      {trouble.problems.length > 0 && (
        <ul>
          {trouble.problems.map((problem) => (
            <li key={problem}>
              <Visible text={problem} />
            </li>
          ))}
        </ul>
      )}
      <p className="notice-foot">
        {onAgain !== undefined && (
          <button type="button" onClick={onAgain}>
            <Icon name="again" /> Try again
          </button>
        )}
        {trouble.requestId === null ? (
          <span>No answer came, so there is no request id.</span>
        ) : (
          <span>
            Request id <code>{trouble.requestId}</code>{" "}
            <CopyButton text={trouble.requestId} what="request id" />
          </span>
        )}
      </p>
    </Notice>
  );
}

/** In place of a count. */
export function unread(failed: boolean): string {
  return failed ? "Not read" : "Reading…";
}

/** Rows of the size that the answer will have. */
export function Loading({ rows, what }: { readonly rows: number; readonly what: string }) {
  return (
    <div className="loading" role="status" aria-label={`Reading ${what}`}>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="loading-row">
          <span />
          <span />
          <span />
        </div>
      ))}
    </div>
  );
}
