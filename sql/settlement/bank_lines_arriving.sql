-- Where the lines of one file wait until they are known to be good: a temporary table.
drop table if exists pg_temp.arriving_lines;

create temporary table arriving_lines (
    line_id text not null,
    bank_day date not null,
    account text not null,
    channel text not null,
    kind text not null,
    amount_cents bigint not null,
    reference text,
    transaction_id text,
    description text
) on commit drop;
