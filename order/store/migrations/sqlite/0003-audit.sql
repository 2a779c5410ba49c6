-- What operators have ordered, and apart from it how it ended: rows are only ever added to both.
create table audit (
  id integer primary key autoincrement not null,
  at_ms integer not null,
  action text not null,
  actor text not null,
  target text not null,
  reason text not null
) strict;

create table audit_results (
  audit_id integer primary key not null references audit (id),
  at_ms integer not null,
  result text not null
) strict;
