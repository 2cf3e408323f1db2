-- The mart of finance's morning has a row for each account now, and other columns. dbt makes it again; the days that
-- were in it come back as they are run, or with a backfill of reporting/daily_reconciliation.
drop table if exists reporting.daily_reconciliation;

-- Statements are asked for by the day on which they close, and found by where their file lies.
create index statements_as_of on settlement.statements (as_of);
create index statements_source on settlement.statements (source);
