-- The chart of accounts. An account that is no longer in the file stays: entries may stand on it.
insert into ledger.accounts (account, name, type, part, channel, description)
select g.account, g.name, g.type, g.part, g.channel, g.description
from jsonb_populate_recordset(null::ledger.accounts, %(rows)s::jsonb) as g
on conflict (account) do update set
    name = excluded.name,
    type = excluded.type,
    part = excluded.part,
    channel = excluded.channel,
    description = excluded.description
where accounts is distinct from excluded
