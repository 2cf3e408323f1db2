-- What the ledger moved for each loan in the tax year, and since: the raw figures of Form 1098, a row a loan of ours.
-- Balances of a past date are today's less what moved since, so nothing before the year is read.
drop table if exists received_1098;
create temporary table received_1098 on commit drop as
with loans as (
    -- the date as of which box 2 states the principal: acquisition, origination or January 1
    select
        l.loan_id,
        case
            when t.acquired_on >= %(year_begins)s and t.acquired_on < %(next_year_begins)s then t.acquired_on
            when l.originated_on >= %(year_begins)s and l.originated_on < %(next_year_begins)s then l.originated_on
            else %(year_begins)s::date
        end as principal_on
    from servicing.loans as l
    left join servicing.loan_tax_terms as t on l.loan_id = t.loan_id
    where l.loan_id <> 0 and l.boarded_on < %(next_year_begins)s
),

moved as (
    -- one pass over all that counts from the year on
    select
        a.loan_id,
        sum(a.interest_cents) filter (where a.effective_on < %(next_year_begins)s) as interest,
        sum(a.fees_cents) filter (where a.effective_on < %(next_year_begins)s) as fees,
        sum(a.fees_cents) as fees_since,
        sum(a.escrow_cents) filter (where a.effective_on < %(next_year_begins)s) as escrow,
        sum(a.escrow_cents) as escrow_since,
        sum(a.principal_cents) filter (where a.effective_on >= l.principal_on) as principal_since,
        sum(a.suspense_cents) as suspense_since,
        sum(a.suspense_cents) filter (where a.effective_on >= %(next_year_begins)s) as suspense_after
    from ledger.allocations as a
    inner join loans as l on a.loan_id = l.loan_id
    where a.effective_on >= %(year_begins)s
    group by a.loan_id
)

select
    l.loan_id, l.principal_on,
    coalesce(m.interest, 0)::bigint as interest,
    coalesce(m.fees, 0)::bigint as fees,
    (b.fees_paid_cents - coalesce(m.fees_since, 0))::bigint as fees_before,
    coalesce(m.escrow, 0)::bigint as escrow,
    (b.escrow_paid_cents - coalesce(m.escrow_since, 0))::bigint as escrow_before,
    (b.principal_paid_cents - coalesce(m.principal_since, 0))::bigint as principal_before,
    (b.suspense_cents - coalesce(m.suspense_since, 0))::bigint as suspense_before,
    (b.suspense_cents - coalesce(m.suspense_after, 0))::bigint as suspense_at_end
from loans as l
inner join ledger.balances as b on l.loan_id = b.loan_id
left join moved as m on l.loan_id = m.loan_id;

create unique index on received_1098 (loan_id);
analyze received_1098
