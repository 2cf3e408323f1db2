-- What is claimed to be one: lines, and the payments of a group, with the method that says so. The steps that follow
-- look for claims, each in its own way and at most one for a group; the last one makes matches of what stands.
drop table if exists pg_temp.batch_claims, pg_temp.claim_lines, pg_temp.claim_members;

create temporary table batch_claims (
    group_id bigint primary key,
    method text not null,
    is_net boolean not null
) on commit drop;

create temporary table claim_lines (
    group_id bigint not null,
    bank_day date not null,
    line_id text not null,
    amount_cents bigint not null
) on commit drop;

create temporary table claim_members (
    group_id bigint not null,
    payment_id uuid not null
) on commit drop;
