-- Where the statements and lines of one file wait until all of it is known to be good: two temporary tables.
drop table if exists pg_temp.arriving_statements, pg_temp.arriving_statement_lines;

create temporary table arriving_statements (
    number integer not null,
    account text not null,
    currency text not null,
    bank text not null,
    reference text not null,
    from_on date not null,
    as_of date not null,
    opening_cents bigint,
    closing_cents bigint,
    line_count integer not null,
    lines_cents bigint not null,
    nature text not null,
    is_final boolean not null,
    record integer not null,
    file_line integer not null
) on commit drop;

create temporary table arriving_statement_lines (
    number integer not null,
    bank_day date not null,
    account text not null,
    channel text not null,
    kind text not null,
    amount_cents bigint not null,
    value_on date not null,
    type_code text not null,
    bank_reference text not null,
    customer_reference text not null,
    description text not null,
    record integer not null,
    file_line integer not null,
    identity text
) on commit drop;
