// When order does not answer, everything stays on screen, and this says how old it is and that it is asked again.
import { clockTime, spanText } from "../../model/time-text.ts";
import { useHealth } from "../data/live.ts";
import { Icon } from "../parts/icon.tsx";
import { useNow } from "./now.ts";
import { useZone } from "./preferences.ts";

export function StaleBanner() {
  const health = useHealth();
  const now = useNow();
  const [zone] = useZone();
  if (!health.isError) return null;
  const lastAtMs = health.dataUpdatedAt;
  return (
    <div className="stale-banner" role="alert">
      <Icon name="alert" />
      <p>
        <strong>order does not answer.</strong>{" "}
        {lastAtMs === 0
          ? "It has not answered since this page was opened."
          : `What you see is from ${clockTime(lastAtMs, zone)}, ${spanText(now - lastAtMs)} ago, and stays here. Nothing can be changed meanwhile.`}{" "}
        It is asked again every 3 seconds.
      </p>
      <button type="button" onClick={() => void health.refetch()}>
        <Icon name="again" /> Ask now
      </button>
    </div>
  );
}
