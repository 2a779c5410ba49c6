-- What became of a dead letter since it was added, and which failures are alike. Apart from the letters, so that a hundred
-- thousand of them change their state within a second or two; the index is made anew without it, so that nothing that was
-- decided is forgotten: then dlq_partition is -1 until the letter is there again. Letters from before have no fingerprint
-- until that is done.
create table letter_fates (
  id text collate "C" primary key not null,
  dlq_topic text collate "C" not null,
  dlq_partition integer not null,
  dlq_offset bigint not null,
  last_failed_at_ms bigint not null,
  fingerprint text collate "C" not null,
  state text collate "C" not null,
  replays integer not null default 0
) with (fillfactor = 70);

insert into letter_fates (id, dlq_topic, dlq_partition, dlq_offset, last_failed_at_ms, fingerprint, state)
  select id, dlq_topic, dlq_partition, dlq_offset, last_failed_at_ms, '', 'open' from dead_letters;

create index letter_fates_by_state on letter_fates (state, dlq_topic, dlq_partition, dlq_offset);
create index letter_fates_by_fingerprint on letter_fates (fingerprint, dlq_topic, dlq_partition, dlq_offset);

-- A kind of failure, as it reads, and what people have noted about it.
create table dead_letter_groups (
  fingerprint text collate "C" primary key not null,
  error_type text not null,
  reason text not null,
  pattern text not null,
  note text collate "C" not null default '',
  owner text collate "C" not null default '',
  ignored_at_ms bigint
);

create table replay_jobs (
  number bigint generated always as identity primary key,
  id text collate "C" unique not null,
  request_id text collate "C" unique not null,
  state text collate "C" not null check (state in ('running', 'paused', 'cancelled', 'done')),
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
  created_at_ms bigint not null,
  ended_at_ms bigint,
  lease_owner text,
  lease_until_ms bigint not null default 0,
  audit_id bigint not null,
  document text not null
);

create index replay_jobs_unended on replay_jobs (number) where ended_at_ms is null;

-- One letter in one job. `sent` is written before the record is published: whatever comes from its topic was announced here.
create table replay_items (
  job_id text collate "C" not null,
  number integer not null,
  letter_id text collate "C" not null,
  state text collate "C" not null check (state in ('pending', 'sent', 'applied', 'already_applied', 'stale', 'failed', 'skipped')),
  body_hash text,
  settled_at_ms bigint,
  failure text,
  primary key (job_id, number)
) with (fillfactor = 70);

create index replay_items_by_letter on replay_items (letter_id);
create index replay_items_sent on replay_items (job_id, number) where state = 'sent';

-- What is published in place of the letter's own value, in base64, under a new event id: an operator has edited it.
create table replay_edits (
  job_id text collate "C" not null,
  number integer not null,
  value text not null,
  event_id text not null,
  primary key (job_id, number)
);
