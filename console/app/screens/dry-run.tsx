// What would become of the messages if they were replayed now: how many would pass, how many would not, and why.
import { pathOf, searchPath } from "../../model/screens.ts";
import { counted, countText } from "../../model/time-text.ts";
import type { ReplayPreview } from "../data/told.ts";
import { Link } from "../frame/router.tsx";
import { Notice } from "../parts/notice.tsx";
import { ShareBar, type Share } from "../parts/share-bar.tsx";
import { Short } from "../parts/text.tsx";

const forecasts = [
  { name: "would_apply", word: "would pass", mood: "ok", about: "have their effect as orders are now" },
  {
    name: "would_fail",
    word: "would fail",
    mood: "bad",
    about: "are refused for what they are or what their orders are now",
  },
  {
    name: "already_applied",
    word: "already stored",
    mood: "none",
    about: "had their effect before; a replay changes nothing",
  },
  {
    name: "stale",
    word: "stale",
    mood: "none",
    about: "overtaken by later events of their orders; a replay changes nothing",
  },
  {
    name: "not_replayable",
    word: "cannot be replayed",
    mood: "warn",
    about: "their bytes, key or headers were not kept whole, or they are not an order's",
  },
] as const;

export function DryRun({ preview }: { readonly preview: ReplayPreview }) {
  const { total, examined, counts, samples, failures } = preview;
  if (total === 0) return <NothingToReplay preview={preview} />;
  const shares: Share[] = forecasts.map(({ name, word, mood, about }) => ({
    name,
    word,
    mood,
    count: counts[name],
    title: about,
  }));
  const left = total - examined;
  const unlooked: Share[] =
    left > 0 ? [{ name: "left", word: "not looked at", mood: "left", count: left }] : [];
  return (
    <div className="dry-run">
      <ShareBar label="Dry run" shares={[...shares, ...unlooked]} total={total} />
      {left > 0 && (
        <p className="panel-text">
          The first {countText(examined)} of {countText(total)} were looked at; the rest may be otherwise.
        </p>
      )}
      {failures.length > 0 && (
        <div>
          <h3>Why they would fail</h3>
          <ul className="why">
            {failures.map(({ reason, errorType, pattern, count, sampleIds }) => (
              <li key={`${reason} ${errorType} ${pattern}`}>
                <span className="why-count">{countText(count)}</span>
                <div>
                  <p>
                    <span className="letter-reason">
                      <Short text={reason} length={40} />
                    </span>{" "}
                    <Short text={pattern} length={300} />
                  </p>
                  <Samples ids={sampleIds} />
                </div>
              </li>
            ))}
          </ul>
        </div>
      )}
      {forecasts
        .filter(({ name }) => name !== "would_fail" && counts[name] > 0)
        .map(({ name, word, about }) => (
          <div key={name} className="forecast">
            <p>
              <strong>
                {countText(counts[name])} {word}
              </strong>
              : {about}.
            </p>
            <Samples ids={samples[name] ?? []} />
          </div>
        ))}
      <LeftOut preview={preview} />
    </div>
  );
}

const samplesShown = 5;

function Samples({ ids }: { readonly ids: readonly string[] }) {
  if (ids.length === 0) return null;
  return (
    <p className="samples">
      Such as{" "}
      {ids.slice(0, samplesShown).map((id, index) => (
        <span key={id}>
          {index > 0 && ", "}
          <Link href={pathOf({ screen: "message", id })}>
            <Short text={id} length={80} />
          </Link>
        </span>
      ))}
    </p>
  );
}

function LeftOut({ preview: { leftOut } }: { readonly preview: ReplayPreview }) {
  const states = Object.entries(leftOut);
  if (states.length === 0) return null;
  return (
    <p className="panel-text">
      Left out, because they are not open:{" "}
      {states.map(([state, count]) => `${countText(count)} ${state}`).join(", ")}.
    </p>
  );
}

function NothingToReplay({ preview }: { readonly preview: ReplayPreview }) {
  const others = Object.entries(preview.leftOut);
  const sum = others.reduce((total, [, count]) => total + count, 0);
  return (
    <Notice kind="plain" icon="search" title="There is nothing to replay">
      {sum === 0 ? (
        <p>No message matches, as of that moment.</p>
      ) : (
        <p>
          {counted(sum, "message")} match, but none is open:{" "}
          {others.map(([state, count]) => `${countText(count)} ${state}`).join(", ")}.{" "}
          <Link href={searchPath("")}>Messages</Link> has them with their states.
        </p>
      )}
    </Notice>
  );
}
