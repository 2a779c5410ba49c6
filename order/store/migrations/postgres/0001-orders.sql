-- One row an order. Ids sort by their bytes, as in SQLite and as in every locale.
-- The free space in a page keeps status updates within it, without touching the index.
create table orders (
  order_id text collate "C" primary key,
  customer_id text not null,
  order_date text not null,
  items json not null,
  total_cents bigint not null,
  shipping_cents bigint not null,
  currency text not null,
  status text not null,
  created_topic text not null,
  created_partition integer not null,
  created_offset bigint not null,
  created_event_id text,
  applied json not null,
  version integer not null check (version > 0)
) with (fillfactor = 85);

-- How many orders there are, in the same transaction as the orders. Sixteen rows, so that instances which commit at
-- the same time do not wait for one another; the sum is exact.
create table order_counts (
  slot integer primary key,
  orders bigint not null
) with (fillfactor = 20);

insert into order_counts (slot, orders) select slot, 0 from generate_series(0, 15) as slot;
