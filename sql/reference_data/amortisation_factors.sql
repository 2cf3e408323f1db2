-- The factors of one rate. A factor never changes, so those that are there stay.
insert into servicing.amortisation_factors (rate_ppm, n, growth, annuity)
select %(rate_ppm)s, g.n, g.growth, g.annuity
from
    unnest(%(n)s::smallint[], %(growth)s::double precision[], %(annuity)s::double precision[])
        as g (n, growth, annuity)
on conflict (rate_ppm, n) do nothing
