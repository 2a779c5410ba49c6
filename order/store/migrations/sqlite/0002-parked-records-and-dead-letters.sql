-- Who may write for a source, and how far it has got.
create table source_claims (
  source text primary key not null,
  epoch integer not null,
  next_offset integer
) strict;

-- Records that wait, whole. Names and lanes are in the form of key-text.ts, as in PostgreSQL. The bytes are last: a scan
-- of the other columns does not read the pages that large ones overflow to.
create table parked_records (
  source text not null,
  "offset" integer not null,
  lane_key text not null,
  long_lane text,
  state text not null check (state in ('waiting', 'behind', 'dead')),
  due_at_ms integer,
  operator_order text,
  progress text not null,
  document text not null,
  key blob,
  value blob,
  primary key (source, "offset")
) strict;

create index parked_records_by_lane on parked_records (lane_key, source, "offset");
create index parked_records_due on parked_records (source, due_at_ms, "offset") where state = 'waiting';
create index parked_records_ordered on parked_records (source, "offset") where operator_order is not null;

-- How many records are parked, by state. One row: SQLite has one writer at a time.
create table parked_counts (
  slot integer primary key not null,
  waiting integer not null,
  behind integer not null,
  dead integer not null
) strict;

insert into parked_counts (slot, waiting, behind, dead) values (0, 0, 0, 0);

-- The index of dead letters: what people filter by, apart from the letters themselves, so that a search for text reads
-- no page of theirs. Lists walk an index in topic order; the one of all letters has their times, so that a filter by time
-- needs no look at the rows that it leaves out.
create table dead_letters (
  number integer primary key not null,
  id text unique not null,
  dlq_partition integer not null,
  dlq_offset integer not null,
  topic text not null,
  error_type text not null,
  category text not null,
  reason text not null,
  order_id text,
  last_failed_at_ms integer not null,
  search text not null
) strict;

create table dead_letter_bodies (
  number integer primary key not null,
  document text not null,
  key blob,
  value blob
) strict;

create index dead_letters_by_place on dead_letters (dlq_partition, dlq_offset, last_failed_at_ms);
create index dead_letters_by_topic on dead_letters (topic, dlq_partition, dlq_offset);
create index dead_letters_by_error_type on dead_letters (error_type, dlq_partition, dlq_offset);
create index dead_letters_by_category on dead_letters (category, dlq_partition, dlq_offset);
create index dead_letters_by_reason on dead_letters (reason, dlq_partition, dlq_offset);
create index dead_letters_by_order on dead_letters (order_id, dlq_partition, dlq_offset);

create table dead_letter_counts (
  category text primary key not null,
  letters integer not null
) strict;
