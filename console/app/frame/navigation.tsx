// The ways between the screens, with what is in each, and what holds for all of them: environment, zone, theme.
import { doors, pathOf, type Screen } from "../../model/screens.ts";
import { countText } from "../../model/time-text.ts";
import { Icon } from "../parts/icon.tsx";
import { Visible } from "../parts/text.tsx";
import { Age } from "../parts/time.tsx";
import { useDeadLetterStats, useHealth, useOrderCount } from "../data/live.ts";
import { useLiveState, useNowTold } from "../data/live-stream.ts";
import { useLetterCounts, useNewestReplays } from "../data/replays.ts";
import { environment } from "./environment.ts";
import { useTheme, useZone } from "./preferences.ts";
import { Link } from "./router.tsx";

interface NavigationProps {
  readonly screen: Screen | undefined;
  readonly onPalette: () => void;
  readonly onHelp: () => void;
}

/** What is behind a door is in its room. */
const rooms: Partial<Record<Screen, Screen>> = {
  message: "messages",
  replay: "replays",
  "new-replay": "replays",
};
const openDoor = (screen: Screen | undefined) =>
  screen === undefined ? undefined : (rooms[screen] ?? screen);

export function Navigation({ screen, onPalette, onHelp }: NavigationProps) {
  const counts = useCounts();
  const [theme, nextTheme] = useTheme();
  const [zone, nextZone] = useZone();
  const { name, tone } = environment();
  const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);
  return (
    <header className="side">
      <div className={`environment tone-${tone}`}>
        <span className="brand">Orderwire</span>
        <span className="environment-name" title={`Environment: ${name}`}>
          <Visible text={name} />
        </span>
      </div>
      <button type="button" className="palette-button" onClick={onPalette}>
        <Icon name="search" />
        <span>Go to…</span>
        <kbd>{isMac ? "⌘K" : "Ctrl K"}</kbd>
      </button>
      <nav aria-label="Screens">
        <ul>
          {doors.map(({ screen: door, title, key }) => {
            const count = counts.of(door);
            return (
              <li key={door}>
                <Link
                  href={pathOf({ screen: door })}
                  aria-current={door === openDoor(screen) ? "page" : undefined}
                  title={`${title} (g ${key})`}
                >
                  <Icon name={door} />
                  <span className="door-title">{title}</span>
                  {count !== undefined && <span className="door-count">{countText(count)}</span>}
                </Link>
              </li>
            );
          })}
        </ul>
      </nav>
      <div className="side-foot">
        <p className="side-age">
          Counts <Age readAtMs={counts.readAtMs} />
        </p>
        <div className="switches">
          <button
            type="button"
            onClick={nextZone}
            aria-label={`Times are ${zone === "utc" ? "UTC" : "local"}; switch`}
          >
            <Icon name="clock" /> {zone === "utc" ? "UTC" : "Local"}
          </button>
          <button type="button" onClick={nextTheme} aria-label={`Theme: ${theme}; switch`}>
            <Icon name={themeIcons[theme]} /> {themeWords[theme]}
          </button>
          <button type="button" onClick={onHelp} aria-label="Keyboard help">
            <kbd>?</kbd>
          </button>
        </div>
      </div>
    </header>
  );
}

const themeIcons = { system: "system", light: "sun", dark: "moon" } as const;
const themeWords = { system: "Auto", light: "Light", dark: "Dark" } as const;

/** The counts keep standing while order is away; the age tells. */
function useCounts() {
  const letters = useDeadLetterStats();
  const health = useHealth();
  const orders = useOrderCount();
  const states = useLetterCounts();
  const replays = useNewestReplays();
  const now = useNowTold();
  const { isLive } = useLiveState();
  // The stream's numbers are the newest, where there is one.
  const pulse = isLive ? now.data?.pulse : undefined;
  const parked = pulse?.parked ?? health.data?.parked;
  const byState = pulse?.letters?.byState ?? states.data?.byState;
  const counts: Partial<Record<Screen, number | undefined>> = {
    failures: byState === undefined ? undefined : byState.open + byState.quarantined,
    messages: letters.data?.total,
    // Those that have not ended; the newest fifty are looked at.
    replays: replays.data?.replays.filter(({ endedAt }) => endedAt === null).length,
    waiting:
      parked === undefined || parked === null ? undefined : parked.waiting + parked.behind + parked.dead,
    orders: pulse?.storedOrders ?? orders.data,
  };
  return {
    of: (screen: Screen) => counts[screen],
    readAtMs: isLive
      ? now.dataUpdatedAt
      : Math.min(...[letters, health, orders, states, replays].map(({ dataUpdatedAt }) => dataUpdatedAt)),
  };
}
