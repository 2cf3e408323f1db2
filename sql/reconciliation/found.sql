-- What the passes find, a row for each line and movement that belong together, with the fee that was withheld.
drop table if exists pg_temp.found;

create temporary table found (
    bank_day date not null,
    line_id text not null,
    our_day date not null,
    effective_on date not null,
    loan_id bigint not null,
    payment_id uuid not null,
    kind text not null,
    bank_cents bigint not null,
    our_cents bigint not null,
    fee_cents bigint not null default 0,
    method text not null,
    group_no bigint
) on commit drop;
