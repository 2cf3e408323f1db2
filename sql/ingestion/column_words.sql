-- What the new events say. The rules are the rows of ingestion.event_types; here they meet the events, a set at a time.
-- `offset 0` keeps each step by itself, so that each text is read once.
create temporary table words on commit drop as
with types as (
    -- the rules of a type stand under its own name, or else under the narrowest family to which it belongs
    select t.type, f.type as listed_as
    from (select distinct n.type from new_events as n) as t
    left join lateral (
        select e.type
        from ingestion.event_types as e
        where e.type = t.type or (right(e.type, 2) = '.*' and starts_with(t.type, left(e.type, -1)))
        order by length(e.type) desc
        limit 1
    ) as f on true
),

snapshots as (
    select n.line, n.place, n.event_id, n.type, n.object_id, n.created_at, a.raw::jsonb -> 'data' as object
    from new_events as n
    inner join arriving as a on n.place = a.place
    offset 0
),

told as (
    -- each event with its rule, and the fields that the rule names
    select
        s.line, s.place, s.event_id, s.type, s.object_id, s.created_at,
        t.listed_as is not null as is_known, r.type is not null as has_rule, r.channel, r.signal, r.receipt,
        r.value_fields, r.value_zone, r.instant_fields, r.amount_fields, r.original_field,
        coalesce(
            nullif(s.object ->> split_part(r.value_fields, '|', 1), ''),
            nullif(s.object ->> split_part(r.value_fields, '|', 2), '')
        ) as value_text,
        coalesce(
            nullif(s.object ->> split_part(r.instant_fields, '|', 1), ''),
            nullif(s.object ->> split_part(r.instant_fields, '|', 2), '')
        ) as instant_text,
        coalesce(
            s.object ->> split_part(r.amount_fields, '|', 1), s.object ->> split_part(r.amount_fields, '|', 2)
        ) as amount_text,
        nullif(s.object ->> r.original_field, '') as original_id,
        s.object ->> 'currency_code' as currency,
        -- looked up one by one, here and below: a join reads the whole book for each few thousand events
        case
            when r.signal is not null
                then (
                    select own.loan_id
                    from servicing.account_numbers as own
                    where
                        own.account_number_id = coalesce(
                            nullif(s.object ->> 'receiver_account_number_id', ''), s.object ->> 'account_number_id'
                        )
                )
        end as own_loan_id,
        case
            when r.signal is not null
                then (
                    select known.loan_number
                    from ingestion.transfers as known
                    where known.transfer_id = s.object_id
                )
        end as known_loan_number,
        case when r.signal is not null then s.object end as object
    from snapshots as s
    inner join types as t on s.type = t.type
    left join ingestion.event_types as r
        on
            t.listed_as = r.type
            and case r.condition
                when 'any' then true
                when 'debit' then upper(s.object ->> 'type') = 'DEBIT'
                when 'credit' then upper(s.object ->> 'type') = 'CREDIT'
                when 'pair' then coalesce(s.object ->> 'return_pair_transfer_id', '') <> ''
                when 'no_pair' then coalesce(s.object ->> 'return_pair_transfer_id', '') = ''
                when 'recleared' then coalesce(s.object ->> 'recleared_at', '') <> ''
                when 'not_recleared' then coalesce(s.object ->> 'recleared_at', '') = ''
                when 'from_us'
                    then (
                        select ours.loan_id from servicing.account_numbers as ours
                        where ours.account_number_id = s.object ->> 'sender_account_number_id'
                    ) is not null
                when 'to_us'
                    then (
                        select ours.loan_id from servicing.account_numbers as ours
                        where ours.account_number_id = s.object ->> 'sender_account_number_id'
                    ) is null
            end
    offset 0
),

measured as (
    -- what the fields say; a day may be told as an instant, midnight at the bank, or as a day
    select
        t.*,
        ingestion.instant(t.instant_text) as happened_at,
        ingestion.instant(
            case when length(t.value_text) = 10 then t.value_text || 'T12:00:00Z' else t.value_text end
        ) as valued_at,
        case when t.amount_text ~ '^[1-9][0-9]{0,10}$' then t.amount_text::bigint end as amount_cents
    from told as t
    offset 0
),

ranged as (
    -- dates and instants far from now are mistakes, as in files
    select
        m.*,
        case
            when
                (m.valued_at at time zone m.value_zone)::date between %(booked_on)s::date - %(oldest_days)s::integer
                and %(booked_on)s::date + %(newest_days)s::integer
                then (m.valued_at at time zone m.value_zone)::date
        end as value_date,
        case
            when
                m.happened_at between %(received_at)s::timestamptz - make_interval(days => %(oldest_days)s)
                and %(received_at)s::timestamptz + interval '1 day'
                then m.happened_at
        end as occurred_at,
        case
            when m.signal in ('returned', 'recalled') and jsonb_typeof(m.object -> 'return_details') = 'array'
                then array(
                    select r.detail ->> 'return_code'
                    from jsonb_array_elements(m.object -> 'return_details') as r (detail)
                    order by r.detail ->> 'created_at'
                )
            when m.signal in ('returned', 'recalled')
                then array[
                    coalesce(m.object ->> 'return_code', m.object ->> 'return_reason', m.object ->> 'reason')
                ]
        end as codes
    from measured as m
    offset 0
)

select
    t.line, t.place, t.event_id, t.type, t.object_id, t.created_at, t.is_known, t.channel, t.signal, t.receipt,
    t.original_id, t.value_fields, t.instant_fields, t.amount_fields, t.original_field, t.value_text, t.instant_text,
    t.amount_text,
    t.currency,
    t.value_date,
    t.occurred_at,
    t.amount_cents,
    coalesce(
        t.known_loan_number, 'LN' || lpad(t.own_loan_id::text, 10, '0'), quoted.loan_number, 'UNMATCHED'
    ) as loan_number,
    case when t.receipt = 'original' then t.original_id else t.object_id end as transfer_id,
    case t.receipt
        when 'first' then t.object_id when 'again' then t.object_id || '/again' else t.original_id
    end as reference,
    -- an ACH return tells its history: the first receipt went back for the first reason, the second for the last
    upper(substring(
        t.codes[case t.receipt when 'again' then cardinality(t.codes) else 1 end] from '^[0-9A-Za-z]{1,10}$'
    )) as return_code,
    case
        when
            t.signal is null and (t.has_rule or not t.is_known)
            -- nothing has moved before there is a value date
            or t.signal in ('initiated', 'canceled') and t.value_text is null
            then 'noted'
        when
            t.has_rule and t.object_id is not null and t.amount_cents is not null and t.occurred_at is not null
            and case t.receipt
                when 'original' then t.original_id is not null
                else t.value_date is not null and t.currency = 'USD'
            end
            then 'accepted'
        else 'rejected'
    end as verdict,
    null::text as raw
from ranged as t
left join lateral (
    -- only where the account number does not say it: the one loan of ours that the texts name
    select min(l.loan_number) as loan_number
    from
        regexp_matches(
            upper(concat_ws(
                ' ', t.object ->> 'description', t.object ->> 'payment_related_info', t.object ->> 'receiver_id',
                t.object ->> 'company_discretionary_data', t.object ->> 'beneficiary_reference',
                t.object ->> 'originator_to_beneficiary_info', t.object ->> 'beneficiary_name', t.object ->> 'memo'
            )),
            '(?<![A-Z0-9])LN[0-9]{10}(?![0-9])', 'g'
        ) as q (found)
    inner join servicing.loans as l on substr(q.found[1], 3)::bigint = l.loan_id
    where t.signal is not null and t.own_loan_id is null
    having count(distinct l.loan_id) = 1
) as quoted on true
