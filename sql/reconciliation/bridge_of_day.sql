-- From our total of :day to the bank's, for each account, rail and cause.
select b.account, b.channel, b.cause, b.items, b.cents
from reconciliation.bridge as b
where b.bank_day = %(day)s
order by b.account, b.channel, b.cause;
