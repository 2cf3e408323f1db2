-- What is wrong with the events that speak of a receipt and do not say enough of it: a line for each field at fault.
insert into ingestion.rejects (booked_on, batch_id, line, column_name, reason, found)
select %(booked_on)s, %(batch_id)s, w.line, f.column_name, f.reason, left(f.found, 80)
from words as w
left join arriving as a on w.line = a.line
left join ingestion.event_types as r on a.listed_as = r.type and a.condition = r.condition
cross join
    lateral (
        values
        (w.signal is null, 'data.type', 'expected CREDIT or DEBIT', null),
        (w.signal is not null and w.object_id is null, 'data.id', 'expected the id of the transfer', null),
        (
            a.currency is distinct from 'USD' and w.receipt in ('first', 'again'), 'data.currency_code', 'expected USD',
            a.currency
        ),
        (
            w.signal is not null and w.amount_cents is null
            and (w.receipt <> 'original' or a.amount_text is not null), 'data.' || split_part(r.amount_fields, '|', 1),
            'expected whole cents above 0 and below 100000000000', a.amount_text
        ),
        (
            w.receipt = 'original' and w.amount_cents is not null and w.value_date is not null,
            'data.' || split_part(coalesce(r.amount_fields, 'amount'), '|', 1),
            'expected the whole amount of the transfer that went back', w.amount_cents::text
        ),
        (
            w.signal is not null and w.occurred_at is null, 'data.' || split_part(r.instant_fields, '|', 1),
            'expected an instant with its zone, not over ' || %(oldest_days)s
            || ' days before receipt and not over a day after it',
            a.instant_text
        ),
        (
            w.receipt in ('first', 'again') and w.value_date is null, 'data.' || split_part(r.value_fields, '|', 1),
            'expected a date from ' || %(oldest_days)s || ' days before receipt to ' || %(newest_days)s
            || ' days after it',
            a.value_text
        ),
        (
            w.receipt = 'original' and w.original_id is null, 'data.' || split_part(r.original_fields, '|', 1),
            'expected the id of the transfer that went back', null
        )
    ) as f (is_wrong, column_name, reason, found)
where w.verdict = 'rejected' and f.is_wrong
