-- Every account with what it held before :since, what was debited and credited up to :as_of, and what it holds then.
-- Days are those from which money counts, or, for :by_booking, those on which it entered the books. The law
-- turnover_adds_up_the_entries sees to it that this is what the entries say.
with turnover as (
    select
        t.account, t.debit_cents, t.credit_cents,
        case when %(by_booking)s then t.booked_on else t.effective_on end as day
    from ledger.turnover as t
),

sums as (
    select
        t.account,
        coalesce(sum(t.debit_cents - t.credit_cents) filter (where t.day < %(since)s), 0) as opening,
        coalesce(sum(t.debit_cents) filter (where t.day >= %(since)s), 0) as debit,
        coalesce(sum(t.credit_cents) filter (where t.day >= %(since)s), 0) as credit
    from turnover as t
    where t.day <= %(as_of)s
    group by t.account
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
