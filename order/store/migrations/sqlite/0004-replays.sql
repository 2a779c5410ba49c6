-- What became of a dead letter since it was added, and which failures are alike. Letters from before have no fingerprint
-- until the index is made anew.
alter table dead_letters add column fingerprint text not null default '';
alter table dead_letters add column state text not null default 'open';
alter table dead_letters add column replays integer not null default 0;

create index dead_letters_by_fingerprint on dead_letters (fingerprint, dlq_partition, dlq_offset, state, last_failed_at_ms);
create index dead_letters_by_state on dead_letters (state, dlq_partition, dlq_offset);

-- What is kept of letters while the index is made anew from its topic, which knows nothing of operators.
create table dead_letter_fates (
  id text primary key not null,
  state text not null,
  replays integer not null
) strict;

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

create index replay_items_by_letter on replay_items (letter_id, job_id);
create index replay_items_by_state on replay_items (job_id, state, number);
