-- The boxes of a tax year: what the forms that are due say, and what the ledger entries behind them add up to.
select
    b.box::text as box, count(*) as rows, sum(b.cents)::bigint as forms_cents,
    sum(b.evidence_cents)::bigint as evidence_cents, sum(b.ledger_entries)::bigint as ledger_entries
from reporting.form_1098_boxes as b
where b.tax_year = %(tax_year)s and b.disposition = 'reportable'
group by b.box
order by b.box;
