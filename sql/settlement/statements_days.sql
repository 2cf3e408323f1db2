-- The days of the lines that the file may bring.
select distinct l.bank_day
from identified_lines as l
inner join judged_statements as j on l.number = j.number
where j.repeats is null and j.nature <> 'deletion'
order by l.bank_day;
