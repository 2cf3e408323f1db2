-- What each type of the bank's events says, for the reading of events.
select
    e.type, e.condition, e.signal, e.receipt, e.value_fields, e.instant_fields, e.amount_fields, e.original_fields,
    e.return_field
from ingestion.event_types as e
order by e.type, e.condition
