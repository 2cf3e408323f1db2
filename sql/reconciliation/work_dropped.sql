-- What a day's run has worked with; the temporary tables go with its transaction.
drop table
work.movements, work.alike, work.doubtful, work.pairs, work.left_lines, work.left_movements, work.left_payments,
work.candidate_lines, work.candidate_movements, work.open_lines, work.named, work.repeated
