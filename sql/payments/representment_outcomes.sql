-- What became of a re-presentment. One that was not sent is a case: somebody must collect the money in another way.
insert into payments.representment_outcomes (loan_id, payment_id, attempt, outcome, transfer_id, reason, decided_on)
values (
    %(loan_id)s, %(payment_id)s, %(attempt)s, %(outcome)s, %(transfer_id)s, %(reason)s, %(day)s
);

insert into operations.exception_cases (
    case_id, category, subcategory, severity, state, business_date, loan_id, payment_id, summary, next_step, details
)
select
    operations.content_id('representment|' || r.representment_id), 'representment', o.outcome, 'low', 'open',
    o.decided_on, r.loan_id, r.payment_id,
    format(
        'The debit of %%s that came back on %%s (%%s) is not presented again: %%s.', operations.dollars(r.amount_cents),
        r.returned_on, r.code, o.reason
    ),
    'Ask the borrower for another way to pay what is still owed; nothing more is collected for this payment by itself.',
    jsonb_build_object('attempt', r.attempt, 'amount_cents', r.amount_cents, 'latest_on', r.latest_on)
from payments.representments as r
inner join payments.representment_outcomes as o
    on r.loan_id = o.loan_id and r.payment_id = o.payment_id and r.attempt = o.attempt
where
    r.loan_id = %(loan_id)s and r.payment_id = %(payment_id)s and r.attempt = %(attempt)s and o.outcome <> 'sent'
on conflict (case_id) do nothing
