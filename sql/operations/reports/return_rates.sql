-- The return rates of the window that ends with a day.
select
    r.monitor,
    r.debits,
    r.returns,
    to_char(r.rate_ppm / 10000.0, 'FM990.000') as percent,
    to_char(r.limit_ppm / 10000.0, 'FM990.0') as limit_percent,
    r.status
from operations.return_rates as r
where r.business_date = %(day)s
order by r.monitor;
