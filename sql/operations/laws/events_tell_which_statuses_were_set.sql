-- Law 5. Every status that was set has its event, with its day and number, and only one; and no event tells of one that
-- is not. What waits for its day to be run, or for its loan to be boarded, is pending. The loan that stands for unknown
-- ones has the one status that it was made with, of which nothing is told.
with told as (
    select
        e.effective_on, e.loan_id, e.subject_id, e.booked_on, d.effective_on as set_on, d.seq, d.status,
        d.reason_sha256,
        count(*) over (partition by e.effective_on, e.loan_id, d.effective_on, d.seq) as times
    from ledger.events as e
    cross join
        json_to_record(e.data) as d (effective_on date, seq smallint, status text, reason_sha256 text)
    where e.type = 'loan.status_set' and e.effective_on between %(first)s and %(last)s
),

held as (
    -- each in the day on which it is told
    select
        greatest(s.effective_on, l.boarded_on) as effective_on, s.loan_id, s.booked_on, s.effective_on as set_on, s.seq,
        s.status, encode(sha256(convert_to(s.reason, 'UTF8')), 'hex') as reason_sha256,
        -- a status that was learned before the day was last run, a transaction's time before, was seen by that run
        exists(
            select from ledger.status_days as q
            inner join ledger.days as d on q.taken_up_on = d.business_date
            where
                q.loan_id = s.loan_id and q.effective_on = s.effective_on and q.seq = s.seq
                and (
                    s.learned_at < d.last_run_at - interval '1 day'
                    or exists (
                        select from operations.day_requests as r
                        where
                            r.business_date = d.business_date and r.reason = 'status'
                            and r.subject = 'learned ' || s.learned_at and r.satisfied_at is not null
                    )
                )
        ) as is_due
    from servicing.loan_statuses as s
    inner join servicing.loans as l on s.loan_id = l.loan_id
    where
        s.effective_on <= %(last)s and s.loan_id <> 0
        and greatest(s.effective_on, l.boarded_on) between %(first)s and %(last)s
),

broken as materialized (
    select
        coalesce(t.effective_on, h.effective_on) as business_date,
        format(
            'loan %%s, status of %%s, number %%s', coalesce(t.loan_id, h.loan_id), coalesce(t.set_on, h.set_on),
            coalesce(t.seq, h.seq)
        ) as keys,
        case
            when t.seq is null then 'no event'
            else format(
                'told %%s times: %%s, booked on %%s, reason %%s', t.times, t.status, t.booked_on, t.reason_sha256
            )
        end as found,
        case
            when h.seq is null then 'no event: there is no such status'
            else format('told once: %%s, booked on %%s, reason %%s', h.status, h.booked_on, h.reason_sha256)
        end as expected
    from told as t
    full join held as h
        on t.effective_on = h.effective_on and t.loan_id = h.loan_id and t.set_on = h.set_on and t.seq = h.seq
    where
        t.seq is null and h.is_due
        or t.seq is not null and (
            t.times <> 1
            or (t.status, t.booked_on, t.reason_sha256) is distinct from (h.status, h.booked_on, h.reason_sha256)
        )

    union all

    select
        coalesce(s.effective_on, m.effective_on),
        'loan 0',
        coalesce(format('%%s, booked on %%s, reason %%s', s.status, s.booked_on, s.reason), 'no such status'),
        coalesce(format('%%s, booked on %%s, reason %%s', m.status, m.booked_on, m.reason), 'no other status')
    from (
        values (
            0, date '1970-01-01', 1, 'unidentified', 'stands for receipts whose loan is not known', date '1970-01-01'
        )
    ) as m (loan_id, effective_on, seq, status, reason, booked_on)
    full join (
        select z.* from servicing.loan_statuses as z
        where z.loan_id = 0
    ) as s using (loan_id, effective_on, seq, status, reason, booked_on)
    where m.* is null or s.* is null
)

select b.*, count(*) over () as violations
from broken as b
order by b.business_date, b.keys
limit %(most)s
