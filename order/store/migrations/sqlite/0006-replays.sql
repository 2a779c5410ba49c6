-- What became of a dead letter since it was added, and which failures are alike. Apart from the letters, so that a hundred
-- thousand of them change their state within a second or two; the index is made anew without it, so that nothing that was
-- decided is forgotten: then dlq_partition is -1 until the letter is there again. Letters from before have no fingerprint
-- until that is done.
create table letter_fates (
  id text primary key not null,
  dlq_topic text not null,
  dlq_partition integer not null,
  dlq_offset integer not null,
  last_failed_at_ms integer not null,
  fingerprint text not null,
  state text not null,
  replays integer not null default 0
) strict;

insert into letter_fates (id, dlq_topic, dlq_partition, dlq_offset, last_failed_at_ms, fingerprint, state)
  select id, dlq_topic, dlq_partition, dlq_offset, last_failed_at_ms, '', 'open' from dead_letters;

create index letter_fates_by_state on letter_fates (state, dlq_topic, dlq_partition, dlq_offset);
create index letter_fates_by_fingerprint on letter_fates (fingerprint, dlq_topic, dlq_partition, dlq_offset);

-- A kind of failure, as it reads, and what people have noted about it.
create table dead_letter_groups (
  fingerprint text primary key not null,
  error_type text not null,
  reason text not null,
  pattern text not null,
  note text not null default '',
  owner text not null default '',
  ignored_at_ms integer
) strict;

create table replay_jobs (
  number integer primary key autoincrement not null,
  id text unique not null,
  request_id text unique not null,
  state text not null check (state in ('running', 'paused', 'cancelled', 'done')),
  pause_cause text,
  rate_per_second integer not null,
  canary integer,
  is_released integer not null default 0,
  total integer not null default 0,
  applied integer not null default 0,
  already_applied integer not null default 0,
  stale integer not null default 0,
  failed integer not null default 0,
  skipped integer not null default 0,
  -- Outcomes before the last resume: the share of failures is measured from there on.
  judged_from integer not null default 0,
  failed_from integer not null default 0,
  created_at_ms integer not null,
  ended_at_ms integer,
  lease_owner text,
  lease_until_ms integer not null default 0,
  audit_id integer not null,
  document text not null
) strict;

create index replay_jobs_unended on replay_jobs (number) where ended_at_ms is null;

-- One letter in one job. `sent` is written before the record is published: whatever comes from its topic was announced here.
create table replay_items (
  job_id text not null,
  number integer not null,
  letter_id text not null,
  state text not null check (state in ('pending', 'sent', 'applied', 'already_applied', 'stale', 'failed', 'skipped')),
  body_hash text,
  settled_at_ms integer,
  failure text,
  primary key (job_id, number)
) strict, without rowid;

create index replay_items_by_letter on replay_items (letter_id);
create index replay_items_sent on replay_items (job_id, number) where state = 'sent';

-- What is published in place of the letter's own value, in base64, under a new event id: an operator has edited it.
create table replay_edits (
  job_id text not null,
  number integer not null,
  value text not null,
  event_id text not null,
  primary key (job_id, number)
) strict, without rowid;
