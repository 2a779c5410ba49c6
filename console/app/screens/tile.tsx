// One number, what it counts, how old it is. A number that could not be read is said to be unknown, never zero.
import type { ReactNode } from "react";
import { countText } from "../../model/time-text.ts";
import { Link } from "../frame/router.tsx";
import { Icon } from "../parts/icon.tsx";
import { Age } from "../parts/time.tsx";
import type { Mood } from "../parts/badge.tsx";

interface TileProps {
  readonly title: string;
  readonly href?: string;
  /** Undefined while it is not known. */
  readonly count: number | undefined;
  /** In place of the number itself, where it has a unit. */
  readonly text?: string;
  readonly query: { readonly isError: boolean; readonly isPending: boolean; readonly dataUpdatedAt: number };
  readonly mood: Mood;
  /** Why it is not known, when the question was answered. */
  readonly unknown?: string;
  readonly children?: ReactNode;
}

export function Tile({ title, href, count, text, query, mood, unknown = "Not known", children }: TileProps) {
  return (
    <section className={`tile ${count === undefined ? "none" : mood}`}>
      <h2>{href === undefined ? title : <Link href={href}>{title}</Link>}</h2>
      <p className="tile-count">
        {count !== undefined && (text ?? countText(count))}
        {count === undefined && query.isPending && <span className="placeholder">…</span>}
        {count === undefined && !query.isPending && (
          <span className="unknown">
            <Icon name="unknown" /> {query.isError ? "Could not be read" : unknown}
          </span>
        )}
      </p>
      <p className="tile-about">{children}</p>
      <p className="tile-age">
        <Age readAtMs={query.dataUpdatedAt} />
      </p>
    </section>
  );
}
