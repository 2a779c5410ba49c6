-- What operators have ordered, and apart from it how it ended: both tables only ever grow, so the service's role needs no
-- UPDATE or DELETE on them.
create table audit (
  id bigint generated always as identity primary key,
  at_ms bigint not null,
  action text not null,
  actor text not null,
  target text not null,
  reason text not null
);

create table audit_results (
  audit_id bigint primary key references audit (id),
  at_ms bigint not null,
  result text not null
);
