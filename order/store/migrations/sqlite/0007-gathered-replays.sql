-- What of a replay's scope is still to be written down, as JSON; null when all of it is. Very many letters are not taken in one
-- statement.
alter table replay_jobs add column gather text;
