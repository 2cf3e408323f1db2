-- A large day is posted by several connections, each with a share of the loans. What they work out lies in tables of
-- the schema work that are made like a day of the ledger, keys included, and become one in the transaction that posts.

comment on schema work is
'What a run works on while it runs. What a run that died has left here, the next one drops; nobody else reads it.';

create or replace function operations.adopt_day(parent text, day date, built text) returns boolean
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
    -- the only index that it may bring is its key: any other could hold an expression, which would run as the owner
    if exists (
        select from pg_index i
        where i.indrelid = built::regclass
        and not (i.indisprimary and i.indisvalid and i.indexprs is null and i.indpred is null)
    ) or exists (
        select from pg_class c
        where c.oid = built::regclass and (c.relhastriggers or c.relhasrules or c.relrowsecurity)
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
