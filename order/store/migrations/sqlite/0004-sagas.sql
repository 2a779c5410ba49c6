-- The last id of a placed order. A row and not `autoincrement`, because ids are given before an order is written.
create table saga_order_ids (
  last_id integer not null
) strict;

insert into saga_order_ids (last_id) values (0);

-- One row a saga. `placed` is the order, null while only decisions have come; `state` is what is only read and written
-- whole. Both are JSON. `home_outbox` and `home_seq` are the place of the order's NEW.
create table sagas (
  order_id integer primary key not null,
  version integer not null check (version > 0),
  status text not null check (status in ('NEW', 'CONFIRMED', 'REJECTED', 'ROLLBACK')),
  payment_state text check (payment_state in ('pending', 'joined', 'late', 'expired')),
  stock_state text check (stock_state in ('pending', 'joined', 'late', 'expired')),
  deadline_at_ms integer,
  placed text,
  state text not null,
  home_outbox text,
  home_seq integer
) strict;

create index sagas_placed on sagas (order_id) where placed is not null;
create index sagas_due on sagas (deadline_at_ms, order_id) where deadline_at_ms is not null;

-- Totals over all sagas, in the transactions that change them. One row: SQLite has one writer at a time.
create table saga_counts (
  slot integer primary key not null,
  without_order integer not null default 0,
  status_new integer not null default 0,
  status_confirmed integer not null default 0,
  status_rejected integer not null default 0,
  status_rollback integer not null default 0,
  state_pending integer not null default 0,
  state_joined integer not null default 0,
  state_late integer not null default 0,
  state_expired integer not null default 0,
  ever_joined integer not null default 0,
  ever_early integer not null default 0,
  ever_duplicate integer not null default 0,
  ever_contradictory integer not null default 0,
  ever_late integer not null default 0,
  ever_expired integer not null default 0,
  ever_replayed integer not null default 0
) strict;

insert into saga_counts (slot) values (0);

-- The outboxes, one an instance. `ends` is JSON, see OutboxState.
create table saga_outboxes (
  id text primary key not null,
  next_seq integer not null default 1,
  published_seq integer not null default 0,
  ends text not null default '{}',
  lease_owner text,
  lease_until_ms integer
) strict;

-- Messages that are not known to be on their topics. `headers` is a JSON list of names and values in base64.
create table saga_outbox (
  outbox_id text not null,
  seq integer not null,
  order_id integer,
  topic text not null,
  key blob not null,
  value blob not null,
  headers text not null,
  created_at_ms integer not null,
  primary key (outbox_id, seq)
) strict, without rowid;

-- Which order was placed under which Idempotency-Key. Kept for seven days; older rows are removed a few at a time.
create table saga_requests (
  idempotency_key text primary key not null,
  fingerprint text not null,
  order_id integer not null,
  requested_at_ms integer not null
) strict, without rowid;

create index saga_requests_by_time on saga_requests (requested_at_ms);
