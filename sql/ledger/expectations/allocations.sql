-- The receipts of the days of a run and how they were applied, as expectations look at them.
select
    effective_on,
    policy,
    cash_cents,
    cast(suspense_cents as double precision) / cash_cents as suspense_share
from ledger.allocations
where effective_on between %(first)s and %(last)s and kind = 'receipt' and seq = 1
