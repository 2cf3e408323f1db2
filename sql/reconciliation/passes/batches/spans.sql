-- The numbers of deposits and payouts, and the days on which bank or books have them. A number may come back with other
-- money: where more days than the window lie between one and the next, it is the number of another batch. And where the
-- lines and payments of one day add up by themselves, they are a batch, whatever other days have of their number.
drop table if exists pg_temp.batch_spans;

create temporary table batch_spans on commit drop as
with lines as (
    -- a line that says what another says may be a repeat of it
    select
        l.channel, l.account, l.reference as number, l.bank_day as day, l.day_no, l.reach, l.amount_cents,
        row_number() over (
            partition by l.channel, l.account, l.reference, l.bank_day, l.amount_cents order by l.line_id
        ) > 1 as is_repeat
    from work.candidate_lines as l
    where l.grouped_by <> 'transfer' and l.kind = 'credit' and l.reference is not null
),

shown as (
    select
        l.channel, l.account, l.number, l.day, l.day_no, l.reach, sum(l.amount_cents) as total,
        sum(l.amount_cents) filter (where not l.is_repeat) as total_once
    from lines as l
    group by l.channel, l.account, l.number, l.day, l.day_no, l.reach
),

expected as (
    select
        m.channel, m.account, m.number, m.our_day as day, m.day_no, m.reach, sum(m.amount_cents) as gross,
        sum(m.amount_cents - m.fee_cents) as net
    from work.candidate_movements as m
    where m.grouped_by <> 'transfer' and m.kind = 'credit' and m.number is not null
    group by m.channel, m.account, m.number, m.our_day, m.day_no, m.reach
),

told as (
    select
        channel, account, number, day, day_no, reach,
        coalesce(s.total in (e.gross, e.net) or s.total_once in (e.gross, e.net), false) as is_whole
    from shown as s
    full outer join expected as e using (channel, account, number, day, day_no, reach)
),

spaced as (
    select
        t.*,
        t.day_no - lag(t.day_no) over alike > t.reach as is_first
    from told as t
    window alike as (partition by t.channel, t.account, t.number, t.is_whole order by t.day_no)
)

select
    s.channel, s.account, s.number, s.day,
    case
        when s.is_whole then format('on %%s', s.day)
        else
            (
                count(*) filter (where s.is_first) over (
                    partition by s.channel, s.account, s.number, s.is_whole order by s.day_no
                )
            )::text
    end as span
from spaced as s;

analyze batch_spans;
