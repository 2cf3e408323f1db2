-- Step 1 of a day: what is due of each loan that has something on :day, and the policy that applies.
drop table if exists pg_temp.today;

create temporary table today as
with active as (
    -- in the days after its first, a loan is folded only where something of it happens
    select f.*, servicing.instalments_due(f.first_due_month, f.due_day, f.last_instalment, %(day)s) as n
    from pg_temp.fold as f
    where
        f.from_on = %(day)s
        or (
            f.from_on < %(day)s
            and (
                f.due_day = extract(day from %(day)s::date)
                or f.due_day = extract(day from %(day)s::date - f.grace_days)
                or exists (
                    select from pg_temp.receipts as r
                    where r.loan_id = f.loan_id and r.effective_on = %(day)s
                )
                or exists (
                    select from pg_temp.nsf
                    where nsf.loan_id = f.loan_id and nsf.returned_on = %(day)s
                )
                or exists (
                    select from servicing.loan_statuses as s
                    where s.loan_id = f.loan_id and s.effective_on = %(day)s
                )
            )
        )
),

statuses as (
    -- the dated status in force; a loan without one is active. Of the loans being folded alone, which may be few
    select distinct on (s.loan_id) s.loan_id, s.status
    from pg_temp.fold as f
    inner join servicing.loan_statuses as s on f.loan_id = s.loan_id
    where s.effective_on <= %(day)s
    order by s.loan_id asc, s.effective_on desc, s.seq desc
),

behind as (
    -- worked out once, before each loan meets every policy of its status
    select
        a.*, s.growth, s.annuity,
        case
            when a.instalments_paid < a.n then %(day)s::date - servicing.due_on(a.first_due_on, a.instalments_paid + 1)
            else 0
        end as days_past_due
    from active as a
    inner join servicing.amortisation_factors as s on a.rate_ppm = s.rate_ppm and a.n = s.n
    offset bigint '0'
),

classified as (
    select
        b.*, p.policy, p.releases_suspense, p.nsf_fee_cents,
        p.fees_rank, p.interest_rank, p.principal_rank, p.escrow_rank
    from behind as b
    left join statuses as s on b.loan_id = s.loan_id
    inner join payments.policies as p
        on
            coalesce(s.status, 'active') = p.status
            and b.days_past_due between p.min_days_past_due and p.max_days_past_due
),

bounced as (
    select nsf.loan_id, count(*) as times
    from pg_temp.nsf
    where nsf.returned_on = %(day)s
    group by nsf.loan_id
)

-- a step that the policy closes has nothing due, so that its money moves on
select
    c.loan_id, c.policy, c.releases_suspense, c.n, c.instalments_paid, c.suspense,
    coalesce(c.fees_rank, 9) as fees_rank, coalesce(c.interest_rank, 9) as interest_rank,
    coalesce(c.principal_rank, 9) as principal_rank, coalesce(c.escrow_rank, 9) as escrow_rank,
    coalesce(b.times, 0) * c.nsf_fee_cents as nsf_fees,
    case
        when c.fees_rank is null then 0 else c.fees_assessed + coalesce(b.times, 0) * c.nsf_fee_cents - c.fees_paid
    end as fees,
    case
        when c.interest_rank is null then 0 else
            servicing.interest_through(c.principal_cents, c.payment_cents, c.n, c.growth, c.annuity)
            - c.interest_paid
    end as interest,
    case
        when c.principal_rank is null then 0 else
            servicing.principal_through(
                c.principal_cents, c.payment_cents, c.term_instalments, c.n, c.growth, c.annuity
            )
            - c.principal_paid
    end as principal,
    case when c.escrow_rank is null then 0 else c.n * c.escrow_cents - c.escrow_paid end as escrow
from classified as c
left join bounced as b on c.loan_id = b.loan_id;

-- What that policy charges for the payments that went back today.
insert into pg_temp.wanted_fees
select
    nsf.loan_id, operations.content_id('nsf|' || nsf.payment_id), 'nsf', null, nsf.payment_id, %(day)s, t.policy,
    t.nsf_fees / count(*) over (partition by nsf.loan_id)
from pg_temp.nsf
inner join pg_temp.today as t on nsf.loan_id = t.loan_id
where nsf.returned_on = %(day)s and t.nsf_fees > 0;

analyze pg_temp.today
