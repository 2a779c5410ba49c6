// The ways between the screens, with what is in each, and what holds for all of them: environment, zone, theme.
import { doors, pathOf, type Screen } from "../../model/screens.ts";
import { countText } from "../../model/time-text.ts";
import { Icon } from "../parts/icon.tsx";
import { Visible } from "../parts/text.tsx";
import { Age } from "../parts/time.tsx";
import { useDeadLetterStats, useHealth, useOrderCount } from "../data/live.ts";
import { environment } from "./environment.ts";
import { useTheme, useZone } from "./preferences.ts";
import { Link } from "./router.tsx";
import { WhoAmI } from "./who-am-i.tsx";

interface NavigationProps {
  readonly screen: Screen | undefined;
  readonly onPalette: () => void;
  readonly onHelp: () => void;
}

const openDoor = (screen: Screen | undefined) => (screen === "message" ? "messages" : screen);

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
        <WhoAmI />
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
  const parked = health.data?.parked;
  const counts: Partial<Record<Screen, number | undefined>> = {
    messages: letters.data?.total,
    waiting:
      parked === undefined || parked === null ? undefined : parked.waiting + parked.behind + parked.dead,
    orders: orders.data,
  };
  return {
    of: (screen: Screen) => counts[screen],
    readAtMs: Math.min(letters.dataUpdatedAt, health.dataUpdatedAt, orders.dataUpdatedAt),
  };
}
