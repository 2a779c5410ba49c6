// The numbers of this moment. Rates and latency are those of the instance that was asked; the store's are those of all.
import { latencyText } from "../../model/rate-text.ts";
import { pathOf } from "../../model/screens.ts";
import { countText } from "../../model/time-text.ts";
import { useHealth } from "../data/live.ts";
import { useNowTold } from "../data/live-stream.ts";
import { Short } from "../parts/text.tsx";
import { Since } from "../parts/time.tsx";
import { Tile } from "./tile.tsx";

export function NowTiles() {
  const now = useNowTold();
  const health = useHealth();
  const pulse = now.data?.pulse;
  const minute = pulse?.minute;
  const parked = pulse?.parked;
  const waiting =
    parked === undefined || parked === null ? undefined : parked.waiting + parked.behind + parked.dead;
  const open = pulse?.letters?.byState.open;
  const oldest = pulse?.letters?.oldestOpenAt;
  const latency = minute?.p50Ms;
  return (
    <div className="tiles">
      <Tile title="Orders a minute" count={minute?.orders} query={now} mood="none">
        {minute !== undefined && (
          <>
            {countText(minute.stored)} events stored in the last minute
            {now.data !== undefined && (
              <>
                {" "}
                by <Short text={now.data.instance} length={40} />
              </>
            )}
          </>
        )}
      </Tile>
      <Tile
        title="End to end, half within"
        count={latency ?? undefined}
        text={latencyText(latency ?? null)}
        query={now}
        mood="none"
        unknown="Nothing stored in the last minute"
      >
        {latency !== null && latency !== undefined && (
          <>99 of 100 within {latencyText(minute?.p99Ms ?? null)}, from cart to the store</>
        )}
      </Tile>
      <Tile
        title="Lag"
        href={`${pathOf({ screen: "live" })}?view=partitions`}
        count={pulse?.lag ?? undefined}
        query={now}
        mood={(pulse?.lag ?? 0) > 1000 ? "warn" : "ok"}
        unknown="No partition is assigned"
      >
        {pulse?.lag === 0 && "Everything written is read."}
        {(pulse?.lag ?? 0) > 0 && "records are written and not read yet"}
      </Tile>
      <Tile
        title="Open dead letters"
        href={pathOf({ screen: "failures" })}
        count={open}
        query={now}
        mood={(open ?? 0) > 0 ? "bad" : "ok"}
        unknown="The store cannot be asked"
      >
        {open === 0 && "Nothing failed that is still open."}
        {oldest !== null && oldest !== undefined && (
          <>
            The oldest failed <Since iso={oldest} />
          </>
        )}
      </Tile>
      <Tile
        title="Waiting"
        href={pathOf({ screen: "waiting" })}
        count={waiting}
        query={now}
        mood={(waiting ?? 0) > 0 ? "warn" : "ok"}
        unknown="The store cannot be asked"
      >
        {waiting === 0 && "Nothing is between two attempts."}
        {parked !== undefined &&
          parked !== null &&
          waiting !== 0 &&
          `${countText(parked.waiting)} for an attempt, ${countText(parked.behind)} behind them, ${countText(parked.dead)} on the way to the DLQ`}
      </Tile>
      <Tile
        title="Orders stored"
        href={pathOf({ screen: "orders" })}
        count={pulse?.storedOrders ?? undefined}
        query={now}
        mood="none"
        unknown="The store cannot be asked"
      >
        {pulse?.storedOrders === 0 && "No order has arrived yet."}
      </Tile>
      <Tile
        title="Failed in a minute"
        count={minute === undefined ? undefined : minute.retried + minute.dead}
        query={now}
        mood={(minute?.dead ?? 0) > 0 ? "warn" : "none"}
      >
        {minute !== undefined &&
          `${countText(minute.retried)} will be tried again, ${countText(minute.dead)} failed for good`}
      </Tile>
      <Tile title="Redelivered" count={health.data?.redelivered} query={health} mood="none">
        Came again since the start; none had a second effect
      </Tile>
    </div>
  );
}
