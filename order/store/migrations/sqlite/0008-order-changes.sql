-- Which orders each batch has changed, while somebody is to be told: one row a batch, in the batch's transaction.
create table order_changes (
  seq integer primary key autoincrement not null,
  tx integer not null default 0,
  order_ids text not null
) strict;

-- The one publisher of the topic with the orders' states: who it is until when, and how far it has got.
create table order_state_feed (
  one integer primary key not null check (one = 1),
  holder text not null default '',
  until_ms integer not null default 0,
  tx integer not null default 0,
  seq integer not null default 0,
  -- The order up to which those from before the feed are published, as key text; null when all are.
  filled_to text default ''
) strict;
insert into order_state_feed (one) values (1);
