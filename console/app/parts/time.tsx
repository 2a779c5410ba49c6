// Times on screen: when something happened, in the zone that was chosen, and how old what one looks at is.
import { ageText, fullInstant, shortInstant, spanText } from "../../model/time-text.ts";
import { useNow } from "../frame/now.ts";
import { useZone } from "../frame/preferences.ts";

/** In a column; the whole instant is in its title. */
export function Instant({ iso, full = false }: { readonly iso: string; readonly full?: boolean }) {
  const [zone] = useZone();
  const now = useNow();
  return (
    <time dateTime={iso} title={fullInstant(iso, "utc")}>
      {full ? fullInstant(iso, zone) : shortInstant(iso, zone, now)}
    </time>
  );
}

/** How long ago it was. */
export function Since({ iso }: { readonly iso: string }) {
  const now = useNow();
  return (
    <time dateTime={iso} title={fullInstant(iso, "utc")}>
      {ageText(now - Date.parse(iso))}
    </time>
  );
}

/** When a number was read; 0 for never. */
export function Age({ readAtMs }: { readonly readAtMs: number }) {
  const now = useNow();
  return <span className="age">{readAtMs === 0 ? "not read yet" : `read ${ageText(now - readAtMs)}`}</span>;
}

/** A time to come; it may already be past while somebody else is at it. */
export function Until({ iso }: { readonly iso: string }) {
  const now = useNow();
  const left = Date.parse(iso) - now;
  return (
    <time dateTime={iso} title={fullInstant(iso, "utc")}>
      {left <= 0 ? "due now" : `in ${spanText(Math.ceil(left / 1000) * 1000)}`}
    </time>
  );
}
