-- Lines that the file :source brings and that we do not have yet. Lines of one id are the same line: the faults were
-- looked for before.
insert into settlement.bank_lines (
    bank_day, line_id, account, channel, kind, amount_cents, reference, transaction_id, description, source
)
select distinct on (a.line_id)
    a.bank_day, a.line_id, a.account, a.channel, a.kind, a.amount_cents, a.reference, a.transaction_id, a.description,
    %(source)s
from arriving_lines as a
order by a.line_id
on conflict do nothing;
