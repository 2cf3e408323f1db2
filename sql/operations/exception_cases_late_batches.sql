-- A case for each batch of :days of which the bank shows nothing although it should by now; resolved when it comes.
-- Tells how many were opened (or reopened) and resolved.
with wanted as (
    select
        operations.content_id('late_batch|' || b.bank_day || '|' || b.account || '|' || b.channel) as case_id, b.*
    from settlement.batches as b
    where b.bank_day = any(%(days)s) and b.status = 'late'
),

known as (
    select c.* from operations.exception_cases as c
    where c.business_date = any(%(days)s) and c.category = 'late_batch'
),

written as (
    insert into operations.exception_cases as kept (
        case_id, category, subcategory, severity, state, business_date, summary, next_step, details
    )
    select
        w.case_id,
        'late_batch',
        w.channel,
        case when w.late_bank_days > 1 then 'high' else 'medium' end,
        'open',
        w.bank_day,
        format(
            'On %%s the bank should have shown %%s by %%s; it shows nothing of them yet.', w.bank_day,
            w.expected_count || case w.expected_count when 1 then ' payment of ' else ' payments of ' end
            || operations.dollars(w.expected_cents - w.expected_fee_cents), w.channel
        ),
        'Ask the bank or the processor for the batch; the case closes when a statement shows it.',
        jsonb_build_object(
            'expected_cents', w.expected_cents - w.expected_fee_cents, 'late_bank_days', w.late_bank_days
        )
    from wanted as w
    left join known as k on w.case_id = k.case_id
    where
        k.case_id is null or k.details ? 'healed'
        or (k.details ->> 'late_bank_days', k.details ->> 'expected_cents')
        is distinct from (w.late_bank_days::text, (w.expected_cents - w.expected_fee_cents)::text)
    on conflict (case_id) do update
        set
            severity = excluded.severity,
            state = case when kept.details ? 'healed' then 'open' else kept.state end,
            summary = excluded.summary,
            details = excluded.details,
            resolution = case when kept.details ? 'healed' then null else kept.resolution end,
            resolved_at = case when kept.details ? 'healed' then null else kept.resolved_at end
    returning case_id, xmax = 0 as is_new
),

healed as (
    update operations.exception_cases as kept set
        state = 'resolved',
        resolved_at = now(),
        details = kept.details || '{"healed": true}',
        resolution = coalesce(
            (
                select
                    case b.status
                        when 'settled' then 'The bank shows the batch.'
                        when 'pending' then 'The batch may still come in time.'
                        else 'The bank shows some of it: see the variance.'
                    end
                from settlement.batches as b
                where b.bank_day = k.business_date and b.channel = k.subcategory
                limit 1
            ),
            'Nothing is expected any more.'
        )
    from known as k
    where
        kept.case_id = k.case_id and k.state in ('open', 'pending')
        and not exists (
            select from wanted as w
            where w.case_id = k.case_id
        )
    returning kept.case_id
)

select
    (
        select count(*) from written as w
        where w.is_new
    )::int as opened,
    (select count(*) from healed)::int as resolved;
