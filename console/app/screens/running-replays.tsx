// Replays that have not ended, each with how far it is. Nothing when there is none.
import { pathOf } from "../../model/screens.ts";
import { countText } from "../../model/time-text.ts";
import { useNewestReplays } from "../data/replays.ts";
import { Link } from "../frame/router.tsx";
import { Panel } from "../parts/panel.tsx";
import { JobStateBadge } from "../parts/state-badge.tsx";
import { Short } from "../parts/text.tsx";
import { Age } from "../parts/time.tsx";

export function RunningReplays() {
  const replays = useNewestReplays();
  const running = replays.data?.replays.filter(({ endedAt }) => endedAt === null) ?? [];
  if (running.length === 0) return null;
  return (
    <Panel title="Replays under way" aside={<Age readAtMs={replays.dataUpdatedAt} />}>
      <ul className="running-replays">
        {running.map((job) => (
          <li key={job.id}>
            <Link href={pathOf({ screen: "replay", id: job.id })}>
              <Short text={job.name} length={80} />
            </Link>
            <JobStateBadge job={job} />
            <progress
              max={Math.max(1, job.total)}
              value={job.total - job.left}
              aria-label="Progress of this replay"
            />
            <span className="number">
              {countText(job.total - job.left)} of {countText(job.total)}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
