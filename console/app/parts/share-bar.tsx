// Parts of a whole beside each other, as wide as they are many, and beneath them what they are in words and numbers.
import { countText } from "../../model/time-text.ts";

export interface Share {
  readonly name: string;
  readonly word: string;
  readonly mood: "ok" | "warn" | "bad" | "none" | "left";
  readonly count: number;
  readonly title?: string;
}

interface ShareBarProps {
  readonly label: string;
  readonly shares: readonly Share[];
  readonly total: number;
  /** How much of the whole is done; left out for what is no progress. */
  readonly done?: number;
}

export function ShareBar({ label, shares, total, done }: ShareBarProps) {
  const progress =
    done === undefined
      ? ({ role: "img" } as const)
      : ({
          role: "progressbar",
          "aria-valuemin": 0,
          "aria-valuemax": total,
          "aria-valuenow": done,
          "aria-valuetext": `${countText(done)} of ${countText(total)}`,
        } as const);
  return (
    <div className="shares">
      <div className="share-bar" aria-label={label} {...progress}>
        {shares
          .filter(({ count }) => count > 0)
          .map(({ name, mood, count }) => (
            <span key={name} className={`share-part ${mood}`} style={{ flexGrow: count }} />
          ))}
      </div>
      <ul className="share-list">
        {shares.map(({ name, word, mood, count, title }) => (
          <li
            key={name}
            className={`${mood}${count === 0 ? " nothing" : ""}`}
            title={title}
            data-share={name}
          >
            <strong>{countText(count)}</strong> {word}
          </li>
        ))}
      </ul>
    </div>
  );
}
