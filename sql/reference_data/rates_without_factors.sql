-- Rates in the book whose factors do not reach to the longest term that has them.
with terms as (
    select l.rate_ppm, max(l.term_instalments) as longest_term
    from servicing.loans as l
    group by l.rate_ppm
)

select t.rate_ppm, t.longest_term
from terms as t
where
    not exists (
        select from servicing.amortisation_factors as f
        where f.rate_ppm = t.rate_ppm and f.n = t.longest_term
    )
order by t.rate_ppm
