-- What there is to say of :day and of its neighbours, an item a row: written by the steps that follow, from what the
-- passes found and what they left over.
drop table if exists pg_temp.news;

create temporary table news (like reconciliation.items including defaults) on commit drop;

-- The passes have taken most of it away since it was counted.
analyze found, work.candidate_lines, work.candidate_movements;
