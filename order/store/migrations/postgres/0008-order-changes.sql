-- Which orders each batch has changed, while somebody is to be told: one row a batch, in the batch's transaction. A row is read
-- when every transaction that could still come before it has ended: `tx` is the writer's.
create table order_changes (
  tx bigint not null default (pg_current_xact_id()::text::bigint),
  seq bigint generated always as identity,
  order_ids text not null,
  primary key (tx, seq)
);

-- The one publisher of the topic with the orders' states: who it is until when, and how far it has got.
create table order_state_feed (
  one integer primary key check (one = 1),
  holder text not null default '',
  until_ms bigint not null default 0,
  tx bigint not null default 0,
  seq bigint not null default 0,
  -- The order up to which those from before the feed are published, as key text; null when all are.
  filled_to text default ''
);
insert into order_state_feed (one) values (1);
