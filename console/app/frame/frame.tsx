// Around every screen: where one is, what is up, how old it is, and the keys.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { doors, pathOf, readPlace, type Place } from "../../model/screens.ts";
import { Audit } from "../screens/audit.tsx";
import { Failures } from "../screens/failures.tsx";
import { MessageScreen } from "../screens/message.tsx";
import { Messages } from "../screens/messages.tsx";
import { NewReplay } from "../screens/new-replay.tsx";
import { Live } from "../screens/live.tsx";
import { Nowhere } from "../screens/nowhere.tsx";
import { Orders } from "../screens/orders.tsx";
import { Overview } from "../screens/overview.tsx";
import { Replays } from "../screens/replays.tsx";
import { ReplayScreen } from "../screens/replay.tsx";
import { Sagas } from "../screens/sagas.tsx";
import { Waiting } from "../screens/waiting.tsx";
import { useLiveStream } from "../data/live-stream.ts";
import { CommandPalette } from "./command-palette.tsx";
import { HelpDialog } from "./help-dialog.tsx";
import { everywhere, listenForHotkeys, useHotkeys } from "./hotkeys.ts";
import { Navigation } from "./navigation.tsx";
import { navigate, useAddress } from "./router.tsx";
import { StaleBanner } from "./stale-banner.tsx";

export function Frame() {
  const address = useAddress();
  const place = readPlace(address.pathname);
  const queries = useQueryClient();
  const [open, setOpen] = useState<"palette" | "help">();
  const close = () => setOpen(undefined);
  useEffect(listenForHotkeys, []);
  useLiveStream();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      setOpen((present) => (present === "palette" ? undefined : "palette"));
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  useHotkeys(everywhere, [
    { keys: "Ctrl K", about: "command palette: screens, or an order by its id" },
    { keys: "?", about: "these keys", run: () => setOpen("help") },
    { keys: "R", about: "read everything again", run: () => void queries.refetchQueries({ type: "active" }) },
    ...doors.map(({ key, title, screen }) => ({
      keys: `g ${key}`,
      about: `go to ${title}`,
      run: () => navigate(pathOf({ screen })),
    })),
  ]);
  return (
    <div className="frame">
      <a className="skip-link" href="#screen">
        Skip to the screen
      </a>
      <Navigation
        screen={place?.screen}
        onPalette={() => setOpen("palette")}
        onHelp={() => setOpen("help")}
      />
      <main id="screen" tabIndex={-1}>
        <StaleBanner />
        <ScreenOf place={place} />
      </main>
      {open === "palette" && <CommandPalette onClose={close} />}
      {open === "help" && <HelpDialog onClose={close} />}
    </div>
  );
}

function ScreenOf({ place }: { readonly place: Place | undefined }) {
  switch (place?.screen) {
    case undefined:
      return <Nowhere />;
    case "overview":
      return <Overview />;
    case "failures":
      return <Failures />;
    case "replays":
      return <Replays />;
    case "new-replay":
      return <NewReplay />;
    case "replay":
      return <ReplayScreen key={place.id} id={place.id} />;
    case "messages":
      return <Messages />;
    case "message":
      return <MessageScreen key={place.id} id={place.id} />;
    case "waiting":
      return <Waiting />;
    case "orders":
      return <Orders />;
    case "sagas":
      return <Sagas />;
    case "live":
      return <Live />;
    case "audit":
      return <Audit />;
  }
}
