-- Dead letters come from several DLQ topics. '' is the one that there was before: its name is a setting, so it is not known
-- here.
alter table dead_letters add column dlq_topic text not null default '';

drop index dead_letters_by_place;
drop index dead_letters_by_topic;
drop index dead_letters_by_error_type;
drop index dead_letters_by_category;
drop index dead_letters_by_reason;
drop index dead_letters_by_order;

create index dead_letters_by_place on dead_letters (dlq_topic, dlq_partition, dlq_offset, last_failed_at_ms);
create index dead_letters_by_topic on dead_letters (topic, dlq_topic, dlq_partition, dlq_offset);
create index dead_letters_by_error_type on dead_letters (error_type, dlq_topic, dlq_partition, dlq_offset);
create index dead_letters_by_category on dead_letters (category, dlq_topic, dlq_partition, dlq_offset);
create index dead_letters_by_reason on dead_letters (reason, dlq_topic, dlq_partition, dlq_offset);
create index dead_letters_by_order on dead_letters (order_id, dlq_topic, dlq_partition, dlq_offset);

-- What dead_letter_counts is to the letters without a topic, this is to all others.
create table dead_letter_topic_counts (
  dlq_topic text not null,
  category text not null,
  letters integer not null,
  primary key (dlq_topic, category)
) strict, without rowid;
