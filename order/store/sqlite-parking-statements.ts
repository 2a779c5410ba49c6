import type { Database } from "bun:sqlite";
import type { ClaimRow, ProgressOfSourceRow } from "./claim-row.ts";
import type { DueRow, ParkedRow, ParkedSummaryRow, ParkedTally } from "./parked-row.ts";

type Value = string | number | Uint8Array | null;
type Key = [source: string, offset: number];

const summaryColumns = `source, "offset", lane_key, long_lane, state, due_at_ms`;
const rowColumns = `${summaryColumns}, progress, document, key, value`;

export function prepareParkingStatements(database: Database) {
  const prepare = <Row, Values extends Value[]>(text: string) => database.prepare<Row, Values>(text);
  return {
    takeClaim: prepare<ClaimRow, [source: string]>(
      `insert into source_claims (source, epoch) values (?, 1)
       on conflict (source) do update set epoch = epoch + 1 returning source, epoch, next_offset`,
    ),
    selectProgress: prepare<ProgressOfSourceRow, [source: string]>(
      "select source, next_offset from source_claims where source = ? and next_offset is not null",
    ),
    advanceClaim: prepare<never, [nextOffset: number | null, source: string, epoch: number]>(
      `update source_claims set next_offset = coalesce(max(next_offset, ?1), ?1, next_offset)
       where source = ?2 and epoch = ?3`,
    ),
    selectParkedState: prepare<Pick<ParkedRow, "state">, Key>(
      `select state from parked_records where source = ? and "offset" = ?`,
    ),
    insertParked: prepare<never, Value[]>(
      `insert into parked_records (${rowColumns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       on conflict (source, "offset") do nothing`,
    ),
    updateParked: prepare<
      never,
      [state: string, dueAtMs: number | null, progress: string, source: string, offset: number]
    >(
      `update parked_records set state = ?1, due_at_ms = ?2, progress = ?3,
         operator_order = case when ?1 = 'dead' then null else operator_order end
       where source = ?4 and "offset" = ?5`,
    ),
    deleteParked: prepare<never, Key>(`delete from parked_records where source = ? and "offset" = ?`),
    addToParkedCounts: prepare<never, [waiting: number, behind: number, dead: number]>(
      "update parked_counts set waiting = waiting + ?, behind = behind + ?, dead = dead + ?",
    ),
    selectParkedCounts: prepare<ParkedTally, []>("select waiting, behind, dead from parked_counts"),
    selectParkedOfSource: prepare<ParkedSummaryRow, [source: string]>(
      `select ${summaryColumns} from parked_records where source = ? order by "offset"`,
    ),
    selectParked: prepare<ParkedRow, Key>(
      `select ${rowColumns} from parked_records where source = ? and "offset" = ?`,
    ),
    selectParkedPage: prepare<ParkedRow, [source: string, offset: number, limit: number]>(
      `select ${rowColumns} from parked_records where (source, "offset") > (?, ?)
       order by source, "offset" limit ?`,
    ),
    selectParkedPageOfLane: prepare<
      ParkedRow,
      [laneKey: string, source: string, offset: number, limit: number]
    >(
      `select ${rowColumns} from parked_records where lane_key = ? and (source, "offset") > (?, ?)
       order by source, "offset" limit ?`,
    ),
    selectOrdered: prepare<DueRow, [source: string, limit: number]>(
      `select ${summaryColumns}, operator_order from parked_records
       where source = ? and operator_order is not null order by "offset" limit ?`,
    ),
    selectDue: prepare<DueRow, [source: string, nowMs: number, limit: number]>(
      `select ${summaryColumns}, operator_order from parked_records
       where source = ? and state = 'waiting' and due_at_ms <= ? and operator_order is null
       order by due_at_ms, "offset" limit ?`,
    ),
    bringForward: prepare<never, [nowMs: number, source: string, offset: number]>(
      `update parked_records set due_at_ms = coalesce(min(due_at_ms, ?1), ?1)
       where source = ?2 and "offset" = ?3 and state = 'waiting'`,
    ),
    setOperatorOrder: prepare<never, [order: string, source: string, offset: number]>(
      `update parked_records set operator_order = case when state = 'dead' then null else ? end
       where source = ? and "offset" = ?`,
    ),
  };
}
