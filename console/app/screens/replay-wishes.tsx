// How a replay goes, and why. Careful by default: it stops itself when half of it fails.
import type { ReactNode } from "react";
import { counted } from "../../model/time-text.ts";
import { Panel } from "../parts/panel.tsx";
import { ReasonField } from "../parts/reason-field.tsx";

interface ReplayWishesProps {
  readonly name: string;
  readonly canary: number | undefined;
  readonly onCanary: (canary: number | undefined) => void;
  readonly force: boolean;
  readonly onForce: (force: boolean) => void;
  /** Matching ones that would be left out. */
  readonly quarantined: number | undefined;
  readonly most: number | undefined;
  readonly children: ReactNode;
}

export function ReplayWishes({
  name,
  canary,
  onCanary,
  force,
  onForce,
  quarantined = 0,
  most,
  children,
}: ReplayWishesProps) {
  return (
    <Panel title="How, and why" className="wishes">
      <div>
        <label className="field">
          <span>Name</span>
          <input
            key={name}
            name="name"
            type="text"
            required
            maxLength={100}
            autoComplete="off"
            defaultValue={name}
          />
        </label>
        <ReasonField placeholder="What was mended, and who agreed" />
        <div className="field-pair">
          <label className="field">
            <span>Messages a second</span>
            <input name="rate" type="number" required min={1} max={50_000} defaultValue={500} />
          </label>
          <label className="field">
            <span>Stop when this % fails</span>
            <input name="stop" type="number" required min={1} max={100} defaultValue={50} />
          </label>
        </div>
        <p className="field-about">Of 20 outcomes or more; then it waits until somebody resumes it.</p>
        <label className="choice">
          <input
            type="checkbox"
            checked={canary !== undefined}
            onChange={(event) => onCanary(event.target.checked ? 1 : undefined)}
          />
          <span>Some first, then wait to be resumed</span>
        </label>
        {canary !== undefined && (
          <label className="field">
            <span>How many go first</span>
            <input
              type="number"
              required
              min={1}
              max={Math.max(1, most ?? 1_000_000)}
              value={Number.isNaN(canary) ? "" : canary}
              onChange={(event) => onCanary(event.target.valueAsNumber)}
            />
          </label>
        )}
        {(quarantined > 0 || force) && (
          <label className="choice">
            <input type="checkbox" checked={force} onChange={(event) => onForce(event.target.checked)} />
            <span>
              Also those in quarantine
              {quarantined > 0 && `: ${counted(quarantined, "message")} that failed again and again`}
            </span>
          </label>
        )}
        {children}
      </div>
    </Panel>
  );
}
