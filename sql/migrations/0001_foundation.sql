-- The wings of the house, and the two mechanisms every wing leans on: content ids and daily partitions.

create schema servicing;
comment on schema servicing is 'Loans, borrowers, properties, escrow, and what falls due.';
create schema ingestion;
comment on schema ingestion is 'Everything that was delivered to us, verbatim, with the verdict on each row.';
create schema payments;
comment on schema payments is 'Payments and each step of their lives.';
create schema ledger;
comment on schema ledger is 'Allocations, double entry, the event chains and their seals.';
create schema settlement;
comment on schema settlement is 'What each rail should deliver to the bank, and what the bank says it did.';
create schema reconciliation;
comment on schema reconciliation is 'Bank against books, day by day and channel by channel.';
create schema operations;
comment on schema operations is 'Exception cases, backfill requests and the housekeeping of partitions.';
create schema work;
comment on schema work is
'What a run works on while it runs. What a run that died has left here, the next one drops; nobody else reads it.';
create schema reporting;
comment on schema reporting is 'Marts that people read; dbt owns what is inside.';

-- Identity is content: an id is the first half of a sha256 over what the thing is.
create function operations.content_id(what text) returns uuid
language sql immutable strict parallel safe
return encode(substr(sha256(convert_to(what, 'UTF8')), 1, 16), 'hex')::uuid;
comment on function operations.content_id(text) is
'The id of a thing, derived from the text that says what it is, so that a replay gives the same ids.';

create function operations.dollars(cents bigint) returns text
language sql immutable strict parallel safe
return case when cents < 0 then '-' else '' end || '$' || to_char(abs(cents) / 100.0, 'FM999,999,999,999,990.00');
comment on function operations.dollars(bigint) is 'Cents as people write dollars: $1,234.50.';

-- sum(bigint) counts in numeric, which takes longer than all else that a sum over a day's rows does.
create aggregate operations.total (bigint)(
    sfunc = int8pl, stype = bigint, combinefunc = int8pl, initcond = '0', parallel = safe
);
comment on aggregate operations.total (bigint) is
'Sum of cents as cents. Nothing adds up to zero; a sum too large for its type is an error.';

-- Tables that grow by the day are partitioned by the day. A partition is born without indexes, filled in bulk, and
-- indexed in the transaction that first fills it: loading into a live unique index costs far more.
create table operations.day_tables (
    table_name text primary key,
    day_column text not null,
    primary_key text not null,
    further_index text
);
comment on table operations.day_tables is
'Which tables are partitioned by day, and the indexes each day of theirs carries.';
comment on column operations.day_tables.table_name is 'Schema and name of the partitioned table.';
comment on column operations.day_tables.day_column is 'The date column it is partitioned by.';
comment on column operations.day_tables.primary_key is 'Columns of the primary key of each day.';
comment on column operations.day_tables.further_index is
'One more index on each day where look-ups need it: what follows the table in create index.';

create function operations.day_partition(parent text, day date) returns text
language sql immutable strict parallel safe
return parent || '_' || to_char(day::timestamp, 'YYYYMMDD');
comment on function operations.day_partition(text, date) is 'Name of the partition that holds one day of a table.';

-- The pipeline's role owns no table, so that it can never rewrite a fact; partitions are made for it, here.
-- Attaching takes a lock that readers do not notice; "create table ... partition of" would make them wait.
create function operations.open_day(parent text, day date) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    child text := operations.day_partition(parent, day);
    known operations.day_tables;
begin
    select * into known from operations.day_tables where table_name = parent;
    if not found then
        raise exception 'operations.open_day: % is not a table partitioned by day', parent;
    end if;
    if to_regclass(child) is not null then
        return;
    end if;
    -- two runs may open the same day at once: the second waits here and finds the work done
    perform pg_advisory_xact_lock(hashtext(child));
    if to_regclass(child) is null then
        execute format(
            'create table %s (like %s including defaults including constraints including storage)', child, parent
        );
        execute format('alter table %s attach partition %s for values from (%L) to (%L)', parent, child, day, day + 1);
    end if;
end $$;
comment on function operations.open_day(text, date) is
'Makes the partition of a day where it is missing; it has no index until close_day.';

-- A day that is filled at once need not be filled row by row: what several cores have computed into a table of its own
-- becomes the day, and the owner's, like any other day. A large day is posted by several connections, each with a share
-- of the loans; what they work out lies there with its key already built.
create function operations.adopt_day(parent text, day date, built text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    child text := operations.day_partition(parent, day);
    known operations.day_tables;
    changes text;
    extra text;
begin
    select * into strict known from operations.day_tables where table_name = parent;
    perform pg_advisory_xact_lock(hashtext(child));
    if to_regclass(child) is not null then
        return false;
    end if;
    if not exists (
        select from pg_class c
        where c.oid = to_regclass(built) and c.relnamespace = 'work'::regnamespace
        and c.relkind = 'r' and c.relpersistence = 'p' and not c.relispartition
        and not (c.relhastriggers or c.relhasrules or c.relrowsecurity)
    ) then
        raise exception 'operations.adopt_day: % is not a plain table of rows in the schema work', built;
    end if;
    -- from here on nobody but the owner of the ledger can change it, so what is looked at next stays as it is
    execute format(
        'alter table %s owner to %s', built, (select c.relowner::regrole from pg_class c where c.oid = parent::regclass)
    );
    -- the only index that it may bring is its key: any other, and statistics too, could hold an expression, which would run
    -- as the owner. And nobody may have been given a right on it that outlives the change of its owner.
    if exists (
        select from pg_index i
        where i.indrelid = built::regclass
        and not (i.indisprimary and i.indisvalid and i.indexprs is null and i.indpred is null)
    ) or exists (
        select from pg_statistic_ext s where s.stxrelid = built::regclass
    ) or exists (
        select from pg_class c
        where c.oid = built::regclass and (
            c.relhastriggers or c.relhasrules or c.relrowsecurity
            or exists (select from aclexplode(c.relacl) g where g.grantee <> c.relowner)
            or exists (select from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and a.attacl is not null)
        )
    ) then
        raise exception 'operations.adopt_day: % is not a plain table of rows in the schema work', built;
    end if;
    -- all that open_day would have made it with, and that it holds no other day, as far as it lacks any of it: in one
    -- reading of it, or in none
    select string_agg(q.change, ', ') into changes
    from (
        select format('alter column %I set not null', a.attname) as change
        from pg_attribute a
        left join pg_attribute b on b.attrelid = built::regclass and b.attname = a.attname
        where a.attrelid = parent::regclass and a.attnum > 0 and a.attnotnull and b.attnotnull is not true
        union all
        select format('alter column %I set default %s', a.attname, pg_get_expr(d.adbin, d.adrelid))
        from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
        where d.adrelid = parent::regclass
        union all
        select format('add constraint %I %s', k.conname, pg_get_constraintdef(k.oid))
        from pg_constraint k
        where k.conrelid = parent::regclass and k.contype = 'c' and not exists (
            select from pg_constraint b
            where b.conrelid = built::regclass and b.contype = 'c' and b.conname = k.conname and b.convalidated
        )
        union all
        select format(
            'add constraint only_its_day check (%I >= %L and %I < %L)', known.day_column, day, known.day_column, day + 1
        )
        where not exists (
            select from pg_constraint b where b.conrelid = built::regclass and b.conname = 'only_its_day'
        )
    ) as q;
    if changes is not null then
        execute format('alter table %s %s', built, changes);
    end if;
    execute format('alter table %s rename to %I', built, split_part(child, '.', 2));
    execute format('alter table work.%I set schema %I', split_part(child, '.', 2), split_part(child, '.', 1));
    -- whatever its constraints are called, this refuses a table that lacks one of its parent's
    execute format('alter table %s attach partition %s for values from (%L) to (%L)', parent, child, day, day + 1);
    execute format('alter table %s drop constraint only_its_day', child);
    if exists (select from pg_constraint where conrelid = child::regclass and contype = 'p') then
        foreach extra in array array_remove(array[known.further_index, known.lookup_index], null) loop
            execute format('create index on %s %s', child, extra);
        end loop;
    end if;
    return true;
end $$;
comment on function operations.adopt_day(text, date, text) is
'Makes a table of the schema work the partition of a day that has none; false if the day has one already.';

create function operations.close_day(parent text, day date) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    child text := operations.day_partition(parent, day);
    known operations.day_tables;
begin
    select * into strict known from operations.day_tables where table_name = parent;
    if exists (select from pg_constraint where conrelid = child::regclass and contype = 'p') then
        return false;
    end if;
    execute format('alter table %s add primary key (%s)', child, known.primary_key);
    if known.further_index is not null then
        execute format('create index on %s %s', child, known.further_index);
    end if;
    execute format('analyze %s', child);
    return true;
end $$;
comment on function operations.close_day(text, date) is
'Gives a day its primary key and indexes after its first load; true if it did so now.';

-- The planner's picture of the tables that a bulk load just changed.
create function operations.analyze_table(target text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if to_regclass(target) is null or not exists (
        select from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.oid = to_regclass(target) and n.nspname in
            ('servicing', 'ingestion', 'payments', 'ledger', 'settlement', 'reconciliation', 'operations')
    ) then
        raise exception 'operations.analyze_table: % is not one of ours', target;
    end if;
    execute format('analyze %s', to_regclass(target));
end $$;
comment on function operations.analyze_table(text) is
'Refreshes the statistics of one of our tables; the pipeline owns none, so it may not do so itself.';

grant usage, create on schema work to payments_pipeline;
