-- What fell due on a day, by product.
select
    loans.product,
    count(*) as rows,
    sum(instalments.interest_cents + instalments.principal_cents + instalments.escrow_cents)::bigint as due_cents,
    sum(instalments.interest_cents)::bigint as interest_cents,
    sum(instalments.principal_cents)::bigint as principal_cents,
    sum(instalments.escrow_cents)::bigint as escrow_cents
from servicing.instalments
inner join servicing.loans using (loan_id)
where instalments.due_on = %(day)s
group by loans.product
order by loans.product;
