-- From the general ledger to the sum of all forms of a year, line by line: what was received as interest and fees, and
-- where each cent of it went. The lines of the ledger less those of the forms are zero.
with booked as (
    select
        accounts.part,
        -sum(entries.amount_cents) as cents
    from {{ source('ledger', 'entries') }} as entries
    inner join {{ source('ledger', 'accounts') }} as accounts on entries.account = accounts.account
    where
        entries.effective_on >= make_date({{ var('tax_year') }}, 1, 1)
        and entries.effective_on < make_date({{ var('tax_year') }} + 1, 1, 1)
        and ledger.is_receipt(entries.kind)
        and accounts.part in ('interest', 'fees')
    group by accounts.part
),

forms as (
    select distinct on (loan_id)
        loan_id,
        disposition,
        box_1_cents,
        service_fees_cents,
        paid_by_others_cents,
        reported_last_year_cents,
        prepaid_now_cents,
        refunded_cents
    from {{ source('compliance', 'forms_1098') }}
    where tax_year = {{ var('tax_year') }}
    order by loan_id asc, version desc
),

lines as (
    select
        1 as line,
        'ledger' as side,
        part || ' received' as what,
        null::bigint as forms,
        cents
    from booked

    union all

    select
        2,
        'forms',
        disposition,
        count(*),
        sum(box_1_cents)
    from forms
    group by disposition

    union all

    select
        3,
        'forms',
        adjusted.what,
        null,
        sum(adjusted.cents)
    from forms
    cross join
        lateral (
            values
            ('fees for a service', service_fees_cents),
            ('interest paid by others', paid_by_others_cents),
            ('reported last year', reported_last_year_cents),
            ('received this year for an instalment of January', -prepaid_now_cents),
            ('refunded within the year', refunded_cents)
        ) as adjusted (what, cents)
    group by adjusted.what
)

select
    {{ var('tax_year') }}::smallint as tax_year,
    side,
    what,
    forms,
    cents::bigint as cents
from lines
order by line, what
