-- The first line of the file of :day that must not be stored, and why; no row where all is well.
with
-- The bank's words for what happened; others would be summed up and never looked at.
strangers as (
    select arriving_lines.line_id, 'is of kind ' || quote_literal(arriving_lines.kind) || ', which is none of credit, return, fee, other' as fault
    from arriving_lines
    where arriving_lines.kind not in ('credit', 'return', 'fee', 'other')
),

misplaced as (
    select arriving_lines.line_id, 'is of bank day ' || arriving_lines.bank_day || ', which is not that of its file' as fault
    from arriving_lines
    where arriving_lines.bank_day <> %(day)s
),

-- One id with two contents, within the file or against what is stored.
contradictions as (
    select arriving_lines.line_id, 'is in the file twice, with different content' as fault
    from (select distinct arriving_lines.* from arriving_lines) as arriving_lines
    group by arriving_lines.line_id
    having count(*) > 1
    union all
    select arriving_lines.line_id, 'is stored already, from ' || stored.source || ', with different content'
    from arriving_lines
    inner join settlement.bank_lines as stored
        on stored.bank_day = %(day)s and stored.line_id = arriving_lines.line_id
    where
        (
            arriving_lines.account, arriving_lines.channel, arriving_lines.kind, arriving_lines.amount_cents,
            arriving_lines.reference, arriving_lines.transaction_id, arriving_lines.description
        )
        is distinct from
        (
            stored.account, stored.channel, stored.kind, stored.amount_cents,
            stored.reference, stored.transaction_id, stored.description
        )
)

select line_id, fault from strangers
union all
select line_id, fault from misplaced
union all
select line_id, fault from contradictions
order by line_id, fault
limit 1;
