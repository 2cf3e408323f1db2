-- Payments, the steps of their lives, and the policies by which their money is applied.

create table payments.payments (
    effective_on date not null,
    loan_id bigint not null,
    payment_id uuid not null,
    channel text not null,
    provider text,
    reference text not null,
    loan_number text not null,
    amount_cents bigint not null check (amount_cents > 0),
    occurred_at timestamptz not null,
    settles_on date not null,
    transfer_id text,
    booked_on date not null,
    batch_id uuid not null,
    line integer not null
) partition by range (effective_on);
comment on table payments.payments is 'Money that somebody sent, once for each idempotency key.';
comment on column payments.payments.effective_on is 'Value date: from when it counts for the borrower.';
comment on column payments.payments.loan_id is 'Loan; 0 if the loan quoted is not ours.';
comment on column payments.payments.payment_id is 'Payment, derived from its idempotency key.';
comment on column payments.payments.channel is 'Rail.';
comment on column payments.payments.provider is 'Who carried it.';
comment on column payments.payments.reference is 'Reference of the payment.';
comment on column payments.payments.loan_number is 'Loan as quoted by the sender.';
comment on column payments.payments.amount_cents is 'Amount.';
comment on column payments.payments.occurred_at is 'When it was made, as first told.';
comment on column payments.payments.settles_on is 'Bank day on which its money should reach the bank.';
comment on column payments.payments.transfer_id is 'Id of the transfer at the provider.';
comment on column payments.payments.booked_on is 'Business date on which we learned of it.';
comment on column payments.payments.batch_id is 'Batch that brought it.';
comment on column payments.payments.line is 'Row within that batch.';

-- One shape for every payment, whoever brought it; rendered when somebody asks, so that each fact is stored once.
create view payments.envelopes as
select
    p.effective_on,
    p.loan_id,
    p.payment_id,
    jsonb_strip_nulls(jsonb_build_object(
        'schema', 'loanserve.payments.v1',
        'message_id', operations.content_id('envelope|' || p.payment_id),
        'correlation_id', p.payment_id,
        'idempotency_key', encode(i.idempotency_key, 'hex'),
        'occurred_at', to_char(p.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'source', jsonb_build_object(
            'channel', p.channel, 'provider', coalesce(p.provider, 'unknown'), 'batch_id', p.batch_id
        ),
        'borrower', jsonb_build_object('loan_id', p.loan_number),
        'payment', jsonb_build_object(
            'amount_cents', p.amount_cents, 'currency', 'USD', 'method', p.channel,
            'value_date', to_char(p.effective_on::timestamp, 'YYYY-MM-DD'), 'reference', p.reference
        ),
        'artifacts', coalesce(a.artifacts, '[]'),
        'external', case
            when p.transfer_id is not null then jsonb_build_object(
                case p.provider when 'column' then 'column_transfer_id' else 'psp_id' end, p.transfer_id
            )
        end
    )) as envelope
from payments.payments as p
inner join ingestion.payment_ingestions as i
    on
        p.effective_on = i.effective_on and p.loan_id = i.loan_id and p.payment_id = i.payment_id
        and p.batch_id = i.batch_id and p.line = i.line
left join lateral (
    select
        jsonb_agg(
            jsonb_build_object('type', q.type, 'uri', q.uri, 'hash', encode(q.sha256, 'hex')) order by q.artifact_id
        ) as artifacts
    from ingestion.payment_artifacts as q
    where q.batch_id = p.batch_id and q.line = p.line
) as a on true;
comment on view payments.envelopes is 'Each payment as the message loanserve.payments.v1.';
comment on column payments.envelopes.effective_on is 'Value date.';
comment on column payments.envelopes.loan_id is 'Loan.';
comment on column payments.envelopes.payment_id is 'Payment.';
comment on column payments.envelopes.envelope is 'The message.';

create table payments.transitions (
    effective_on date not null,
    loan_id bigint not null,
    payment_id uuid not null,
    status text not null check (status in ('pending', 'completed', 'reversed', 'canceled')),
    occurred_at timestamptz not null,
    happened_on date not null,
    code text,
    booked_on date not null,
    batch_id uuid not null,
    line integer not null
) partition by range (effective_on);
comment on table payments.transitions is
'The steps of each payment: pending, completed when its rail says the money is there, reversed when it went back.';
comment on column payments.transitions.effective_on is 'Value date of the payment.';
comment on column payments.transitions.loan_id is 'Loan.';
comment on column payments.transitions.payment_id is 'Payment.';
comment on column payments.transitions.status is 'The status it took.';
comment on column payments.transitions.occurred_at is
'Instant of the step in the world, by what was known then. The earliest that is told of the completion, here or in '
'ingestion.earlier_words, orders the receipts of a day.';
comment on column payments.transitions.happened_on is 'Business date of the step in the world.';
comment on column payments.transitions.code is 'Return code, where it was returned.';
comment on column payments.transitions.booked_on is 'Business date on which we learned it.';
comment on column payments.transitions.batch_id is 'Batch that brought the news.';
comment on column payments.transitions.line is 'Row within that batch.';

create table payments.policies (
    policy text primary key,
    status text not null,
    min_days_past_due integer not null,
    max_days_past_due integer not null,
    fees_rank smallint,
    interest_rank smallint,
    principal_rank smallint,
    escrow_rank smallint,
    releases_suspense boolean not null,
    late_fee_share_ppm integer not null,
    late_fee_flat_cents bigint not null,
    late_fee_cap_cents bigint not null,
    nsf_fee_cents bigint not null,
    review text,
    description text not null,
    -- releasing suspense to whole instalments only makes sense where every part of one may be paid
    check (not releases_suspense or num_nulls(interest_rank, principal_rank, escrow_rank) = 0)
);
comment on table payments.policies is
'How a receipt is applied, by the state of its loan on the value date. Loaded from data/policies.csv.';
comment on column payments.policies.policy is 'Policy.';
comment on column payments.policies.status is 'Status of the loan that it is for.';
comment on column payments.policies.min_days_past_due is 'From so many days past due.';
comment on column payments.policies.max_days_past_due is 'To so many days past due.';
comment on column payments.policies.fees_rank is 'Place of fees in the waterfall; none if the step is closed.';
comment on column payments.policies.interest_rank is 'Place of interest.';
comment on column payments.policies.principal_rank is 'Place of principal.';
comment on column payments.policies.escrow_rank is 'Place of escrow.';
comment on column payments.policies.releases_suspense is
'Whether suspense is applied once it covers the oldest unpaid instalment.';
comment on column payments.policies.late_fee_share_ppm is
'Late fee as a share, in parts per million, of the overdue principal and interest of the instalment.';
comment on column payments.policies.late_fee_flat_cents is 'Late fee as an amount, added to the share.';
comment on column payments.policies.late_fee_cap_cents is 'The most a late fee may be; zero where none is charged.';
comment on column payments.policies.nsf_fee_cents is 'Fee for a payment returned for lack of funds.';
comment on column payments.policies.review is
'Why a person must look at each receipt under this policy; none if nobody need.';
comment on column payments.policies.description is 'The policy in a sentence.';

create table payments.return_codes (
    code text primary key,
    reason text not null,
    severity text not null check (severity in ('low', 'medium', 'high', 'critical')),
    action text not null check (action in ('reverse', 'hold', 'dispute')),
    is_nsf boolean not null
);
comment on table payments.return_codes is 'What each return code means. Loaded from data/return_codes.csv.';
comment on column payments.return_codes.code is 'ACH return code, check letter or wire recall.';
comment on column payments.return_codes.reason is 'Its meaning.';
comment on column payments.return_codes.severity is 'Severity of the case it opens.';
comment on column payments.return_codes.action is 'What is done: reverse, hold or dispute.';
comment on column payments.return_codes.is_nsf is 'Whether funds were lacking, so that the policy may charge a fee.';

insert into operations.day_tables values
('payments.payments', 'effective_on', 'loan_id, payment_id', '(settles_on) where settles_on <> effective_on'),
('payments.transitions', 'effective_on', 'loan_id, payment_id, status', '(happened_on) where status = ''reversed''');

grant usage on schema payments to payments_pipeline;
grant select on all tables in schema payments to payments_pipeline;
grant insert on payments.payments, payments.transitions to payments_pipeline;
grant insert, update, delete on payments.policies, payments.return_codes to payments_pipeline;
