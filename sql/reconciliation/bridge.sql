-- From our total to the bank's, cause by cause, as the items have it: of :day, and of the days around it that its
-- matches changed.
delete from reconciliation.bridge as b
where b.bank_day = %(day)s or b.bank_day in (select t.day from touched as t);

insert into reconciliation.bridge (bank_day, account, channel, cause, items, cents)
select i.bank_day, i.account, i.channel, i.cause, count(*), sum(i.variance_cents)
from reconciliation.items as i
where i.bank_day = %(day)s or i.bank_day in (select t.day from touched as t)
group by i.bank_day, i.account, i.channel, i.cause;
