-- Notices of change that were received by :day and are not on file, oldest first. The bank does not say how it writes a
-- notice: it may be one or a list, of which the last is the news. Events come some days late at most.
select
    e.batch_id, e.line, e.booked_on, coalesce((e.created_at at time zone 'America/New_York')::date, e.booked_on)
        as effective_on,
    coalesce(own.loan_id, used.loan_id, 0) as loan_id,
    o.object ->> 'id' as transfer_id,
    coalesce(nullif(o.object ->> 'counterparty_id', ''), 'unknown') as counterparty_id,
    upper(coalesce(n.notice ->> 'code', n.notice ->> 'change_code', n.notice ->> 'return_code', 'unknown'))
        as change_code,
    c.corrects,
    coalesce(n.notice ->> 'corrected_data', n.notice ->> 'addenda', '') as corrected_data,
    n.notice ->> 'account_number' as account_number, n.notice ->> 'routing_number' as routing_number,
    n.notice ->> 'account_type' as account_type
from ingestion.bank_events as e
inner join ingestion.staged as s on e.booked_on = s.booked_on and e.batch_id = s.batch_id and e.line = s.line
left join lateral (
    select told.raw::jsonb -> 'data' as object
    from (select s.raw) as told
    offset 0
) as o on true
left join lateral (
    select
        case jsonb_typeof(o.object -> 'notification_of_changes')
            when 'array' then o.object -> 'notification_of_changes' -> -1
            when 'object' then o.object -> 'notification_of_changes'
        end as notice
) as n on true
left join payments.notice_of_change_codes as c
    on upper(coalesce(n.notice ->> 'code', n.notice ->> 'change_code', n.notice ->> 'return_code')) = c.code
left join servicing.account_numbers as own on o.object ->> 'account_number_id' = own.account_number_id
left join lateral (
    -- an account that serves one loan alone tells which one it is
    select min(a.loan_id) as loan_id
    from servicing.external_accounts as a
    where a.counterparty_id = o.object ->> 'counterparty_id'
    having count(distinct a.loan_id) = 1
) as used on own.loan_id is null
where
    e.type = 'ach.outgoing_transfer.noc'
    and e.created_on between %(day)s::date - 60 and %(day)s::date + 1
    and e.booked_on between %(day)s::date - 7 and %(day)s
    and s.booked_on between %(day)s::date - 7 and %(day)s
    and not exists (
        select from servicing.external_accounts as known
        where known.batch_id = e.batch_id and known.line = e.line and known.version > 1
    )
order by e.created_at, e.event_id
