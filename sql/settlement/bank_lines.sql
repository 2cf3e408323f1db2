-- Lines of :day that the file :source brings and that we do not have yet.
insert into settlement.bank_lines (
    bank_day, line_id, account, channel, kind, amount_cents, reference, transaction_id, description, source
)
select distinct
    arriving_lines.bank_day, arriving_lines.line_id, arriving_lines.account, arriving_lines.channel, arriving_lines.kind,
    arriving_lines.amount_cents, arriving_lines.reference, arriving_lines.transaction_id, arriving_lines.description,
    %(source)s
from arriving_lines
on conflict do nothing;
