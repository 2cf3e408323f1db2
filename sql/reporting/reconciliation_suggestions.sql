-- What may belong together on :day and was not matched, since something speaks for another way as well; at most :most.
select
    s.suggestion_id::text as suggestion_id, s.method, s.score, s.evidence, s.line_ids,
    s.payment_ids::text[] as payment_ids, count(*) over () as suggestions
from reconciliation.suggestions as s
where s.bank_day = %(day)s
order by s.score desc, s.suggestion_id asc
limit %(most)s;
