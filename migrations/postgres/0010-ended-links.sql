-- A statement may end links and take rows of theirs away as well. When its triggers ask who sees those rows, the links are gone
-- already: so what has ended in a transaction is kept until that publishes, and counts for rows as they were.

set local role foyer_owner;

-- Empty between transactions, like sync_stage.
create unlogged table sync_ended (
  xid xid8 not null default pg_current_xact_id(),
  -- The family or student that could be seen there.
  key uuid not null,
  facility_id uuid not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
create index on sync_ended (xid, key);
grant select, insert, delete on sync_ended to foyer_log;

-- Before the row goes, because triggers after it come in the order of a statement's parts. After sync_before, by its name.
create function sync.keep_ended() returns trigger
language plpgsql security definer
set search_path = public, pg_temp
as $$
begin
  if tg_table_name = 'family_facilities' then
    insert into sync_ended (key, facility_id) values (old.family_id, old.facility_id);
  else
    insert into sync_ended (key, facility_id)
    select old.student_id, facility_id from family_facilities where family_id = old.family_id
    union
    select old.student_id, facility_id from sync_ended where xid = pg_current_xact_id() and key = old.family_id;
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end
$$;
create trigger sync_ending before update or delete on family_facilities
  for each row execute function sync.keep_ended();
create trigger sync_ending before update or delete on family_students
  for each row execute function sync.keep_ended();
alter function sync.keep_ended owner to foyer_log;

-- As facilities_of: those that see row `r`, or saw it when this transaction began.
create function sync.facilities_before(kind text, scope_column text) returns text
language sql immutable
set search_path = public, pg_temp
as $$
  select case when kind not in ('family', 'student') then sync.facilities_of(kind, scope_column) else format(
    '(select l.facility_id from %s l
      union select e.facility_id from sync_ended e where e.xid = pg_current_xact_id() and e.key = r.%I%s)',
    sync.facilities_of(kind, scope_column),
    scope_column,
    case kind when 'student' then format(
      ' union select e.facility_id from family_students m join sync_ended e on e.key = m.family_id
        where m.student_id = r.%I and e.xid = pg_current_xact_id()', scope_column) else '' end
  ) end
$$;

-- As in 0004, but that rows as they were are looked for where they were seen.
create function sync.stage_source(followed sync_tables) returns text
language plpgsql
set search_path = public, pg_temp
as $$
declare
  facilities text := sync.facilities_of(followed.scope, followed.scope_column);
  facilities_before text := sync.facilities_before(followed.scope, followed.scope_column);
  stage text := format(
    'insert into sync_stage (facility_id, audience, table_name, row_id, row) select s.facility_id, %L, %L,',
    followed.audience, followed.table_name
  );
  -- An insert holds this lock by its foreign key already, and writing the family's own row is lock enough.
  parents text := case followed.scope
    when 'organization' then 'organizations' when 'family' then 'families' when 'student' then 'students' end;
  lock text := case when parents is null or followed.scope_column = 'id' then '' else format(
    'perform from (%%s) k join %I p on p.id = k.%I order by p.id for key share of p;', parents, followed.scope_column
  ) end;
  lock_old text := format(lock, format('select distinct %I from old_rows', followed.scope_column));
  lock_both text := format(lock, format(
    'select %1$I from old_rows union select %1$I from new_rows', followed.scope_column));
begin
  return format(
    $source$
      create or replace function sync.stage_%1$s() returns trigger
      language plpgsql security definer
      set search_path = public, pg_temp
      set timezone = 'UTC'
      set enable_seqscan = off
      set enable_hashjoin = off
      set enable_mergejoin = off
      as $body$
      begin
        if tg_op = 'INSERT' then
          %2$s r.id, to_jsonb(r) from new_rows r cross join lateral %3$s s;
        elsif tg_op = 'DELETE' then
          %4$s
          %2$s r.id, null from old_rows r cross join lateral %7$s s;
        else
          %5$s
          if exists (select id, %6$I from old_rows except select id, %6$I from new_rows) then
            %2$s s.id, null from (
              select r.id, s.facility_id from old_rows r cross join lateral %7$s s
              except
              select r.id, s.facility_id from new_rows r cross join lateral %3$s s
            ) as s;
          end if;
          %2$s r.id, to_jsonb(r)
          from (select * from new_rows except select * from old_rows) as r cross join lateral %3$s s;
        end if;
        insert into sync_pending default values on conflict do nothing;
        return null;
      end
      $body$
    $source$,
    followed.table_name, stage, facilities, lock_old, lock_both, followed.scope_column,
    facilities_before
  );
end
$$;

create or replace function sync.create_triggers(followed sync_tables) returns void
language plpgsql
set search_path = public, pg_temp
as $$
begin
  execute sync.stage_source(followed);
  execute format(
    $source$
      create trigger sync_stage_insert after insert on %1$I referencing new table as new_rows
        for each statement execute function sync.stage_%1$s();
      create trigger sync_stage_update after update on %1$I referencing old table as old_rows new table as new_rows
        for each statement execute function sync.stage_%1$s();
      create trigger sync_stage_delete after delete on %1$I referencing old table as old_rows
        for each statement execute function sync.stage_%1$s();
      create trigger sync_refuse_truncate before truncate on %1$I
        for each statement execute function sync.refuse_truncate();
      alter function sync.stage_%1$s() owner to foyer_log
    $source$,
    followed.table_name
  );
end
$$;

grant execute on function sync.facilities_of, sync.facilities_before, sync.stage_source to foyer_log;
set local role foyer_log;

do $$
declare
  followed sync_tables;
begin
  for followed in select * from sync_tables loop
    execute sync.stage_source(followed);
  end loop;
end
$$;

create or replace function sync.after_membership() returns trigger
language plpgsql security definer
set search_path = public, pg_temp
as $$
declare
  moved record;
begin
  -- Three statements, because a transition table that does not exist cannot even be named.
  if tg_op = 'INSERT' then
    select array_agg(l.facility_id) as facilities, array_agg(m.student_id) as students into moved
    from new_rows m join family_facilities l on l.family_id = m.family_id;
  elsif tg_op = 'DELETE' then
    select array_agg(l.facility_id) as facilities, array_agg(m.student_id) as students into moved
    from old_rows m cross join lateral (
      select l.facility_id from family_facilities l where l.family_id = m.family_id
      union select e.facility_id from sync_ended e where e.xid = pg_current_xact_id() and e.key = m.family_id
    ) as l;
  else
    select array_agg(l.facility_id) as facilities, array_agg(m.student_id) as students into moved
    from (
      (select family_id, student_id from old_rows except select family_id, student_id from new_rows)
      union all
      (select family_id, student_id from new_rows except select family_id, student_id from old_rows)
    ) as m cross join lateral (
      select l.facility_id from family_facilities l where l.family_id = m.family_id
      union select e.facility_id from sync_ended e where e.xid = pg_current_xact_id() and e.key = m.family_id
    ) as l;
  end if;
  perform sync.stage_students(moved.facilities, moved.students);
  return null;
end
$$;

-- Which also forgets what has ended.
create or replace function sync.publish() returns trigger
language plpgsql security definer
set search_path = public, pg_temp
-- A plan made while sync_stage was small must not read all of it when it is full of dead rows.
set enable_seqscan = off
as $$
declare
  target record;
  last int8;
begin
  -- With an older snapshot, the triggers would not see who was linked to what in the meantime.
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'Tables that are replicated are written in READ COMMITTED only'
      using errcode = 'feature_not_supported';
  end if;

  for target in
    select facility_id, audience, count(*) as entries
    from sync_stage
    where xid = pg_current_xact_id()
    group by facility_id, audience
    order by facility_id, audience
  loop
    update facility_heads set position = position + target.entries
    where facility_id = target.facility_id and audience = target.audience
    returning position into strict last;

    insert into sync_log (facility_id, audience, position, table_name, row_id, row, at)
    select facility_id, audience, last - target.entries + row_number() over (order by seq),
      table_name, row_id, row, clock_timestamp()
    from sync_stage
    where xid = pg_current_xact_id() and facility_id = target.facility_id and audience = target.audience;

    perform pg_notify('facility_log', format('%s:%s:%s', target.facility_id, target.audience, last));
  end loop;

  delete from sync_stage where xid = pg_current_xact_id();
  delete from sync_ended where xid = pg_current_xact_id();
  delete from sync_pending where xid = pg_current_xact_id();
  return null;
end
$$;
