-- A case for each notice of change received by :day. It becomes urgent when its last day passes, and closes when the
-- loan is collected from another account of the bank's books: then the correction is in force. Tells how many were
-- opened and resolved.
with
notices as (
    select
        operations.content_id('notice_of_change|' || a.batch_id || '|' || a.line) as case_id,
        a.*, coalesce(c.meaning, 'a code that we do not know') as meaning
    from servicing.external_accounts as a
    left join payments.notice_of_change_codes as c on a.change_code = c.code
    where a.version > 1
),

opened as (
    insert into operations.exception_cases (
        case_id, category, subcategory, severity, state, business_date, loan_id, batch_id, line, summary, next_step,
        details
    )
    select
        n.case_id, 'notice_of_change', n.change_code, 'medium', 'open', n.booked_on, nullif(n.loan_id, 0), n.batch_id,
        n.line,
        format(
            'The payer''s bank asks us to correct the account from which we collect: %%s (%%s).', n.meaning,
            n.change_code
        ),
        format(
            'Correct the account at our bank by %%s, or before the next debit of it if that is earlier; what is to be '
            'changed stands in servicing.external_accounts, the whole number in the event.', n.correct_by
        ),
        jsonb_build_object(
            'counterparty_id', n.counterparty_id, 'version', n.version, 'transfer_id', n.transfer_id,
            'correct_by', n.correct_by
        )
    from notices as n
    where n.booked_on between %(day)s::date - 7 and %(day)s
    on conflict (case_id) do nothing
    returning case_id
),

overdue as (
    update operations.exception_cases as kept set severity = 'high'
    from notices as n
    where
        kept.case_id = n.case_id and n.correct_by < %(day)s and kept.state in ('open', 'pending')
        and kept.severity = 'medium'
),

resolved as (
    update operations.exception_cases as kept set
        state = 'resolved',
        resolved_at = now(),
        details = kept.details || '{"healed": true}',
        resolution = 'The loan is collected from the corrected account.'
    from notices as n
    where
        kept.case_id = n.case_id and kept.state in ('open', 'pending')
        and exists (
            select from servicing.external_accounts as later
            where
                later.loan_id = n.loan_id and later.counterparty_id <> n.counterparty_id and later.version = 1
                and later.effective_on > n.effective_on
        )
    returning kept.case_id
)

select (select count(*) from opened)::int as opened, (select count(*) from resolved)::int as resolved
