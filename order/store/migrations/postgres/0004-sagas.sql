-- Ids of placed orders. A sequence never gives one twice, also when the transaction that wanted it failed.
create sequence saga_order_ids;

-- One row a saga. `placed` is the order, null while only decisions have come; `state` is what is only read and written
-- whole. Both are JSON in a text column, in which every text is expressible. `home_outbox` and `home_seq` are the place of
-- the order's NEW. Most rows are written two or three times, soon after one another: a page has room for that.
create table sagas (
  order_id bigint primary key,
  version integer not null check (version > 0),
  status text not null check (status in ('NEW', 'CONFIRMED', 'REJECTED', 'ROLLBACK')),
  payment_state text check (payment_state in ('pending', 'joined', 'late', 'expired')),
  stock_state text check (stock_state in ('pending', 'joined', 'late', 'expired')),
  deadline_at_ms bigint,
  placed text,
  state text not null,
  home_outbox text collate "C",
  home_seq bigint
) with (fillfactor = 60);

create index sagas_placed on sagas (order_id) where placed is not null;
create index sagas_due on sagas (deadline_at_ms, order_id) where deadline_at_ms is not null;

-- Totals over all sagas in the transactions that change them: sixteen slots, as in order_counts; the sums are exact.
create table saga_counts (
  slot integer primary key,
  without_order bigint not null default 0,
  status_new bigint not null default 0,
  status_confirmed bigint not null default 0,
  status_rejected bigint not null default 0,
  status_rollback bigint not null default 0,
  state_pending bigint not null default 0,
  state_joined bigint not null default 0,
  state_late bigint not null default 0,
  state_expired bigint not null default 0,
  ever_joined bigint not null default 0,
  ever_early bigint not null default 0,
  ever_duplicate bigint not null default 0,
  ever_contradictory bigint not null default 0,
  ever_late bigint not null default 0,
  ever_expired bigint not null default 0,
  ever_replayed bigint not null default 0
) with (fillfactor = 20);

insert into saga_counts (slot) select generate_series(0, 15);

-- The outboxes, one an instance. Whoever appends updates the row, so sequence numbers become visible in their order and
-- without gaps. `ends` is JSON, see OutboxState.
create table saga_outboxes (
  id text collate "C" primary key,
  next_seq bigint not null default 1,
  published_seq bigint not null default 0,
  ends text not null default '{}',
  lease_owner text collate "C",
  lease_until_ms bigint
) with (fillfactor = 20);

-- Messages that are not known to be on their topics. `headers` is a JSON list of names and values in base64.
create table saga_outbox (
  outbox_id text collate "C" not null,
  seq bigint not null,
  order_id bigint,
  topic text not null,
  key bytea not null,
  value bytea not null,
  headers text not null,
  created_at_ms bigint not null,
  primary key (outbox_id, seq)
);

-- Which order was placed under which Idempotency-Key. Kept for seven days; older rows are removed a few at a time.
create table saga_requests (
  idempotency_key text collate "C" primary key,
  fingerprint text not null,
  order_id bigint not null,
  requested_at_ms bigint not null
);

create index saga_requests_by_time on saga_requests (requested_at_ms);
