-- How far the books are: the last day that has been posted, whether finance's marts have been built, and the last seal
-- over what was booked.
with last_seal as (
    select s.run_no, s.sealed_at, encode(s.hash, 'hex') as seal
    from ledger.seals as s
    order by s.run_no desc
    limit 1
)

select
    (select max(d.business_date) from ledger.days as d) as last_day,
    to_regclass('reporting.daily_reconciliation') is not null as has_marts,
    (select s.run_no from last_seal as s) as run_no,
    (select s.sealed_at from last_seal as s) as sealed_at,
    (select s.seal from last_seal as s) as seal;
