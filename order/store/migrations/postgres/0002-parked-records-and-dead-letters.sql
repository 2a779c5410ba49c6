-- Who may write for a source, and how far it has got. Every batch updates its rows here, so a page has room for their
-- new versions and no index has to change.
create table source_claims (
  source text collate "C" primary key,
  epoch bigint not null,
  next_offset bigint
) with (fillfactor = 20);

-- Records that wait, whole. Names and lanes are in the form of key-text.ts: every text fits, and sorts by its bytes.
-- `progress` and `document` are JSON in a text column, because the json type would only be parsed once more.
create table parked_records (
  source text collate "C" not null,
  "offset" bigint not null,
  lane_key text collate "C" not null,
  long_lane text,
  state text not null check (state in ('waiting', 'behind', 'dead')),
  due_at_ms bigint,
  operator_order text,
  progress text not null,
  document text not null,
  key bytea,
  value bytea,
  primary key (source, "offset")
) with (fillfactor = 85);

create index parked_records_by_lane on parked_records (lane_key, source, "offset");
create index parked_records_due on parked_records (source, due_at_ms, "offset") where state = 'waiting';
create index parked_records_ordered on parked_records (source, "offset") where operator_order is not null;

-- How many records are parked, by state: the sums over sixteen slots, as in order_counts.
create table parked_counts (
  slot integer primary key,
  waiting bigint not null,
  behind bigint not null,
  dead bigint not null
) with (fillfactor = 20);

insert into parked_counts (slot, waiting, behind, dead) select slot, 0, 0, 0 from generate_series(0, 15) as slot;

-- The index of dead letters. The columns up to `search` are what people filter by; `document`, `key` and `value` are the
-- letter itself. Lists walk an index in topic order; the one of all letters has their times, so that a filter by time
-- needs no look at the rows that it leaves out.
create table dead_letters (
  id text collate "C" primary key,
  dlq_partition integer not null,
  dlq_offset bigint not null,
  topic text collate "C" not null,
  error_type text collate "C" not null,
  category text collate "C" not null,
  reason text collate "C" not null,
  order_id text collate "C",
  last_failed_at_ms bigint not null,
  search text collate "C" not null,
  document text not null,
  key bytea,
  value bytea
);

create index dead_letters_by_place on dead_letters (dlq_partition, dlq_offset, last_failed_at_ms);
create index dead_letters_by_topic on dead_letters (topic, dlq_partition, dlq_offset);
create index dead_letters_by_error_type on dead_letters (error_type, dlq_partition, dlq_offset);
create index dead_letters_by_category on dead_letters (category, dlq_partition, dlq_offset);
create index dead_letters_by_reason on dead_letters (reason, dlq_partition, dlq_offset);
create index dead_letters_by_order on dead_letters (order_id, dlq_partition, dlq_offset);

create table dead_letter_counts (
  category text collate "C" primary key,
  letters bigint not null
) with (fillfactor = 20);
