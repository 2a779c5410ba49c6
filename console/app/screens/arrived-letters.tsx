// Dead letters as they come, while the page is open. Nothing before the first one.
import { pathOf } from "../../model/screens.ts";
import { useLiveState } from "../data/live-stream.ts";
import { Link } from "../frame/router.tsx";
import { Panel } from "../parts/panel.tsx";
import { Short } from "../parts/text.tsx";
import { Since } from "../parts/time.tsx";

export function ArrivedLetters() {
  const { letters } = useLiveState();
  if (letters.length === 0) return null;
  return (
    <Panel title="Failed while you were looking" aside="the newest dozen, as this instance indexes them">
      <ul className="arrived">
        {letters.map((letter) => (
          <li key={letter.id}>
            <Link href={pathOf({ screen: "message", id: letter.id })}>
              <Short text={letter.orderId ?? letter.id} length={60} />
            </Link>
            <span className="arrived-error">
              <Short text={letter.errorMessage} length={160} />
            </span>
            <Since iso={letter.failedAt} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}
