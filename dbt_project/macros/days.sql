{# The days of the run, as a condition on a column. #}
{% macro in_run(column) -%}
    {{ column }} between date '{{ var("first_day") }}' and date '{{ var("last_day") }}'
{%- endmacro %}

{# Takes the days of the run out of a mart that exists; a new one is empty anyway. #}
{% macro clear_days() -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where {{ in_run("business_date") }}
    {%- endif -%}
{%- endmacro %}
