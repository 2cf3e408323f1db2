-- What the new events say. How each was read is in `arriving`; here the rules, the loans and the limits meet them, a
-- set at a time. `offset 0` keeps each step by itself, so that nothing is worked out twice.
create temporary table words on commit drop as
with judged as (
    -- where the sender decides between two rules: money from an account number of ours is a payout
    select
        a.line,
        case
            when a.sender_id is null then a.condition
            when
                (
                    select ours.loan_id from servicing.account_numbers as ours
                    where ours.account_number_id = a.sender_id
                ) is not null
                then 'from_us'
            else 'to_us'
        end as condition,
        a.event_id, a.type, a.object_id, a.created_at, a.listed_as, a.original_id, a.valued_at, a.happened_at,
        a.amount_cents, a.amount_text is not null as has_bad_amount, a.value_text is not null as has_value, a.currency,
        a.account_number_id, a.loans_named, a.return_code, a.return_transfer_id
    from arriving as a
    offset 0
),

told as (
    -- each event with its rule
    select
        j.*, j.listed_as is not null as is_known, r.type is not null as has_rule, r.channel, r.signal, r.receipt,
        r.value_zone,
        -- looked up one by one, here and above: a join reads the whole book for each few thousand events
        case
            when r.signal is not null
                then (
                    select own.loan_id
                    from servicing.account_numbers as own
                    where own.account_number_id = j.account_number_id
                )
        end as own_loan_id,
        case
            when r.signal is not null
                then (
                    select known.loan_number
                    from ingestion.transfers as known
                    where known.transfer_id = j.object_id
                )
        end as known_loan_number
    from judged as j
    left join ingestion.event_types as r on j.listed_as = r.type and j.condition = r.condition
    offset 0
),

dated as (
    -- the day of money is read where the bank reads it
    select t.*, (t.valued_at at time zone t.value_zone)::date as valued_on
    from told as t
    offset 0
),

ranged as (
    -- dates and instants far from now are mistakes, as in files
    select
        d.*,
        case
            when
                d.valued_on between %(booked_on)s::date - %(oldest_days)s::integer
                and %(booked_on)s::date + %(newest_days)s::integer
                then d.valued_on
        end as value_date,
        case
            when
                d.happened_at between %(received_at)s::timestamptz - make_interval(days => %(oldest_days)s)
                and %(received_at)s::timestamptz + interval '1 day'
                then d.happened_at
        end as occurred_at
    from dated as d
    offset 0
)

-- What is looked for stands first: a row is taken apart only as far as that.
select
    t.line,
    case
        when
            t.signal is null and (t.has_rule or not t.is_known)
            -- nothing has moved before there is a value date
            or t.signal in ('initiated', 'canceled') and not t.has_value
            then 'noted'
        when
            t.has_rule and t.object_id is not null and t.occurred_at is not null
            and case t.receipt
                -- a request to send money back may not say how much: it is all of it
                when 'original' then t.original_id is not null and not t.has_bad_amount
                else t.value_date is not null and t.currency = 'USD' and t.amount_cents is not null
            end
            then 'accepted'
        else 'rejected'
    end as verdict,
    t.is_known, t.receipt, t.channel,
    coalesce(
        t.known_loan_number, 'LN' || lpad(t.own_loan_id::text, 10, '0'),
        -- only where the account number does not say it: the one loan of ours that the texts name
        case
            when t.loans_named is not null and t.own_loan_id is null
                then (
                    select min(l.loan_number)
                    from unnest(string_to_array(t.loans_named, ',')) as q (loan_number)
                    inner join servicing.loans as l on substr(q.loan_number, 3)::bigint = l.loan_id
                    having count(*) = 1
                )
        end,
        'UNMATCHED'
    ) as loan_number,
    t.own_loan_id is not null as is_by_number,
    t.event_id, t.type, t.object_id, t.created_at, t.signal, t.original_id, t.value_date, t.occurred_at, t.amount_cents,
    case when t.receipt = 'original' then t.original_id else t.object_id end as transfer_id,
    case t.receipt
        when 'first' then t.object_id when 'again' then t.object_id || '/again' else t.original_id
    end as reference,
    t.return_code, t.return_transfer_id,
    null::text as raw
from ranged as t
