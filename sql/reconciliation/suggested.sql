-- What may belong together on :day, the likeliest first.
select s.suggestion_id, s.score, s.method, s.line_ids, s.payment_ids, s.evidence
from reconciliation.suggestions as s
where s.bank_day = %(day)s
order by s.score desc, s.suggestion_id asc
