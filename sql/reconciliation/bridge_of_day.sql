-- From our total of :day to the bank's, for each account, rail and cause.
select b.account, b.channel, b.cause, b.items, b.cents
from reconciliation.bridge as b
where b.bank_day = %(day)s and (b.items > 0 or b.cents <> 0)
order by b.account, b.channel, b.cause;
