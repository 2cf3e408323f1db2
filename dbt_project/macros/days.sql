{# The days of the run, as a condition on a column. #}
{% macro in_run(column) -%}
    {{ column }} between date '{{ var("first_day") }}' and date '{{ var("last_day") }}'
{%- endmacro %}

{# The days of the run and those whose reconciliation theirs may have changed: no line has money of more than two weeks. #}
{% macro around_run(column) -%}
    {{ column }} between date '{{ var("first_day") }}' - 14 and date '{{ var("last_day") }}' + 14
{%- endmacro %}

{# The days of the run and all after them: what moves on a day moves balances, which later days tell too. #}
{% macro from_run_on(column) -%}
    {{ column }} >= date '{{ var("first_day") }}'
{%- endmacro %}

{# Waits for another run that fills the mart, so that the rows that it leaves are seen and taken out. #}
{% macro alone() -%}
    lock table {{ this }} in share row exclusive mode;
{%- endmacro %}

{# Takes the days of the run, or its tax year, out of a mart that exists; a new one is empty anyway. #}
{% macro clear_run() -%}
    {%- if is_incremental() and "compliance" in model.fqn -%}
        {{ alone() }}
        delete from {{ this }} where tax_year = {{ var("tax_year") }}
    {%- elif is_incremental() -%}
        {{ alone() }}
        delete from {{ this }} where {{ in_run("business_date") }}
    {%- endif -%}
{%- endmacro %}

{# Takes the days of the run and those around them out of a mart that exists. #}
{% macro clear_around_run() -%}
    {%- if is_incremental() -%}
        {{ alone() }}
        delete from {{ this }} where {{ around_run("business_date") }}
    {%- endif -%}
{%- endmacro %}

{# Takes the days of the run and all after them out of a mart that exists. #}
{% macro clear_from_run_on() -%}
    {%- if is_incremental() -%}
        {{ alone() }}
        delete from {{ this }} where {{ from_run_on("business_date") }}
    {%- endif -%}
{%- endmacro %}
