-- Every account with what it held before :since, what was debited and credited up to :as_of, and what it holds then.
-- Days are those from which money counts, or, for :by_booking, those on which it entered the books.
with entries as (
    select e.account, e.amount_cents, case when %(by_booking)s then e.booked_on else e.effective_on end as day
    from ledger.entries as e
    where %(by_booking)s or e.effective_on <= %(as_of)s
),

sums as (
    select
        e.account,
        coalesce(sum(e.amount_cents) filter (where e.day < %(since)s), 0) as opening,
        coalesce(sum(e.amount_cents) filter (where e.day >= %(since)s and e.amount_cents > 0), 0) as debit,
        coalesce(-sum(e.amount_cents) filter (where e.day >= %(since)s and e.amount_cents < 0), 0) as credit
    from entries as e
    where e.day <= %(as_of)s
    group by e.account
)

select
    coalesce(c.account, s.account) as account,
    coalesce(c.name, 'not in the chart of accounts') as name,
    coalesce(c.type, 'unknown') as type,
    coalesce(s.opening, 0)::bigint as opening_cents,
    coalesce(s.debit, 0)::bigint as debit_cents,
    coalesce(s.credit, 0)::bigint as credit_cents,
    coalesce(s.opening + s.debit - s.credit, 0)::bigint as balance_cents
from ledger.accounts as c
full join sums as s on c.account = s.account
order by account
