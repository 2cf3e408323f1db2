{# The columns together name a row: no two rows have the same ones. #}
{% test one_row_per(model, columns) %}
select {{ columns | join(", ") }}, count(*) as rows_found
from {{ model }}
where {{ in_run("business_date") }}
group by {{ columns | join(", ") }}
having count(*) > 1
{% endtest %}
