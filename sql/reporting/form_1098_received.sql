-- What was moved for each loan in the tax year, and since: the raw figures of Form 1098, a row a loan of ours. Balances
-- of a past date are today's less what moved since, so of our own books nothing before the year is read; of what the
-- former system posted, all is, since running totals begin at boarding.
drop table if exists received_1098;
create temporary table received_1098 on commit drop as
with loans as (
    -- the date as of which box 2 states the principal: acquisition, origination or January 1; and since when our books
    -- know the loan
    select
        l.loan_id,
        case
            when t.acquired_on >= %(year_begins)s and t.acquired_on < %(next_year_begins)s then t.acquired_on
            when l.originated_on >= %(year_begins)s and l.originated_on < %(next_year_begins)s then l.originated_on
            else %(year_begins)s::date
        end as principal_on,
        coalesce(c.books_from, l.boarded_on) as books_from
    from servicing.loans as l
    left join servicing.loan_tax_terms as t on l.loan_id = t.loan_id
    left join servicing.converted_loans as c on l.loan_id = c.loan_id
    where
        l.loan_id <> 0
        and (
            coalesce(c.books_from, l.boarded_on) < %(next_year_begins)s
            -- points of a closing are its year's, whenever the loan came into our books
            or (t.points_paid_on >= %(year_begins)s and t.points_paid_on < %(next_year_begins)s)
            -- what once had a form keeps one, which says by now that nothing is due: the closing was dated otherwise
            or exists (
                select from compliance.forms_1098 as f
                where f.tax_year = %(tax_year)s and f.loan_id = l.loan_id
            )
        )
        -- a loan that ended before the year has no form of the year
        and (l.term_instalments > 0 or c.loan_id is null or exists (
            select from ledger.conversions as p
            where p.loan_id = l.loan_id and p.effective_on >= %(year_begins)s
        ) or exists (
            select from servicing.interest_refunds as f
            where
                f.loan_id = l.loan_id and f.refunded_on >= %(year_begins)s and f.refunded_on < %(next_year_begins)s
        ))
),

moved as (
    -- one pass over all that counts from the year on
    select
        a.loan_id,
        sum(a.interest_cents) filter (where a.effective_on < %(next_year_begins)s) as interest,
        sum(a.fees_cents) filter (where a.effective_on < %(next_year_begins)s) as fees,
        sum(a.fees_cents) filter (where a.effective_on < %(next_year_begins)s and not a.is_converted) as own_fees,
        sum(a.fees_cents) filter (where not a.is_converted) as own_fees_since,
        sum(a.escrow_cents) filter (where a.effective_on < %(next_year_begins)s) as escrow,
        sum(a.escrow_cents) as escrow_since,
        sum(a.principal_cents) filter (where a.effective_on >= l.principal_on) as principal_since,
        sum(a.suspense_cents) as suspense_since,
        sum(a.suspense_cents) filter (where a.effective_on >= %(next_year_begins)s) as suspense_after
    from ledger.applied as a
    inner join loans as l on a.loan_id = l.loan_id
    where a.effective_on >= %(year_begins)s
    group by a.loan_id
),

converted as (
    -- what the running totals do not hold
    select p.loan_id, sum(p.escrow_cents) as escrow
    from ledger.conversions as p
    where p.kind in ('receipt', 'return', 'release')
    group by p.loan_id
)

select
    l.loan_id, l.principal_on, l.books_from,
    coalesce(m.interest, 0)::bigint as interest,
    coalesce(m.fees, 0)::bigint as fees,
    coalesce(m.own_fees, 0)::bigint as own_fees,
    (b.fees_paid_cents - coalesce(m.own_fees_since, 0))::bigint as own_fees_before,
    coalesce(m.escrow, 0)::bigint as escrow,
    (b.escrow_paid_cents + coalesce(c.escrow, 0) - coalesce(m.escrow_since, 0))::bigint as escrow_before,
    (b.principal_paid_cents - coalesce(m.principal_since, 0))::bigint as principal_before,
    (b.suspense_cents - coalesce(m.suspense_since, 0))::bigint as suspense_before,
    (b.suspense_cents - coalesce(m.suspense_after, 0))::bigint as suspense_at_end
from loans as l
inner join ledger.balances as b on l.loan_id = b.loan_id
left join moved as m on l.loan_id = m.loan_id
left join converted as c on l.loan_id = c.loan_id;

create unique index on received_1098 (loan_id);
analyze received_1098
