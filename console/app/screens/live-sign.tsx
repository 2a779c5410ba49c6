// Whether what one sees comes by itself, or is asked for every few seconds.
import { useLiveState } from "../data/live-stream.ts";
import { Badge } from "../parts/badge.tsx";

export function LiveSign() {
  const { isLive } = useLiveState();
  return isLive ? (
    <Badge mood="ok" word="live" title="Numbers come as they change" />
  ) : (
    <Badge mood="none" word="asked every 3 s" title="There is no stream just now: numbers are asked for" />
  );
}
