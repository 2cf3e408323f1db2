-- The seals put on a day's runs, the latest ten.
select
    run_no,
    chains,
    events,
    left(encode(root, 'hex'), 16) as root,
    left(encode(hash, 'hex'), 16) as seal
from ledger.seals
where business_date = %(day)s
order by run_no desc
limit 10;
