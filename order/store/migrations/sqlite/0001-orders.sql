-- One row an order. SQLite compares text by its bytes, so ids sort as in PostgreSQL's "C" collation.
-- A rowid table: with ids that come in no order, inserts are four times as fast as without one.
create table orders (
  order_id text primary key not null,
  customer_id text not null,
  order_date text not null,
  items text not null,
  total_cents integer not null,
  shipping_cents integer not null,
  currency text not null,
  status text not null,
  created_topic text not null,
  created_partition integer not null,
  created_offset integer not null,
  created_event_id text,
  applied text not null,
  version integer not null check (version > 0)
) strict;

-- How many orders there are, in the same transaction as the orders. One row: SQLite has one writer at a time.
create table order_counts (
  slot integer primary key not null,
  orders integer not null
) strict;

insert into order_counts (slot, orders) values (0, 0);
