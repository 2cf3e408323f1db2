-- What a pass has found is no candidate for the next.
delete from work.candidate_lines as l
where exists (
    select from found as f
    where f.bank_day = l.bank_day and f.line_id = l.line_id
);

delete from work.candidate_movements as m
where exists (
    select from found as f
    where f.payment_id = m.payment_id and f.kind = m.kind
);
