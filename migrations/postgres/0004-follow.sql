-- sync_follow: all that a replicated table needs besides its columns. A later migration that adds a table calls it once.

set local role foyer_owner;

-- A lateral subquery: the facilities that see row `r`.
create function sync.facilities_of(kind text, scope_column text) returns text
language sql immutable
set search_path = public, pg_temp
as $$
  select format(
    case kind
      when 'facility' then '(select r.%1$I as facility_id)'
      when 'organization' then '(select f.id as facility_id from facilities f where f.organization_id = r.%1$I)'
      when 'family' then '(select l.facility_id from family_facilities l where l.family_id = r.%1$I)'
      when 'student' then
        '(select distinct l.facility_id
          from family_students m join family_facilities l on l.family_id = m.family_id
          where m.student_id = r.%1$I)'
    end,
    scope_column
  )
$$;

-- What a transaction of foyer_app may see and write of a table. A family or student that is new has no link yet, so its
-- organization decides; once it is linked, the link does.
create function sync.create_app_policy(followed sync_tables) returns void
language plpgsql
set search_path = public, pg_temp
as $$
declare
  visible text := format(
    case followed.scope
      when 'facility' then '%1$I.%2$I = (select app_facility())'
      when 'organization' then '%1$I.%2$I = (select app_organization())'
      when 'family' then
        'exists (
          select from family_facilities l
          where l.family_id = %1$I.%2$I and l.facility_id = (select app_facility()))'
      when 'student' then
        'exists (
          select from family_students m join family_facilities l on l.family_id = m.family_id
          where m.student_id = %1$I.%2$I and l.facility_id = (select app_facility()))'
    end,
    followed.table_name, followed.scope_column
  );
  is_new_allowed boolean := followed.scope in ('family', 'student') and followed.scope_column = 'id';
begin
  execute format(
    'create policy app_own on %I to foyer_app using (%s) with check (%s)',
    followed.table_name, visible,
    case when is_new_allowed then 'organization_id = (select app_organization())' else visible end
  );
end
$$;

-- Adds rows that are in the table already to the logs (again).
create function sync_republish(followed_name text) returns void
language plpgsql
set search_path = public, pg_temp
set timezone = 'UTC'
as $$
declare
  followed sync_tables;
begin
  select * into strict followed from sync_tables where table_name = followed_name;
  execute format(
    'insert into sync_stage (facility_id, audience, table_name, row_id, row)
     select s.facility_id, %L, %L, r.id, to_jsonb(r) from %I r cross join lateral %s s',
    followed.audience, followed.table_name, followed.table_name,
    sync.facilities_of(followed.scope, followed.scope_column)
  );
  insert into sync_pending default values on conflict do nothing;
end
$$;

-- The function behind the triggers of one table, and the triggers. Static text for each table, so that plans are kept;
-- and as a plan that was made for one row serves many later (or the other way round), each row looks up its links by
-- index, and old and new rows are compared by EXCEPT, which is no join.
create function sync.create_triggers(followed sync_tables) returns void
language plpgsql
set search_path = public, pg_temp
as $$
declare
  facilities text := sync.facilities_of(followed.scope, followed.scope_column);
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
  execute format(
    $source$
      create function sync.stage_%1$s() returns trigger
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
          %2$s r.id, null from old_rows r cross join lateral %3$s s;
        else
          %5$s
          if exists (select id, %6$I from old_rows except select id, %6$I from new_rows) then
            %2$s s.id, null from (
              select r.id, s.facility_id from old_rows r cross join lateral %3$s s
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
    followed.table_name, stage, facilities, lock_old, lock_both, followed.scope_column
  );
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

-- Replicates a table: triggers, row-level security, rights of foyer_app. `scope` and `scope_column` say where its rows
-- go (DESIGN.md §4), `audience` to which devices there. Rows of an append-only table are never changed by a command.
create function sync_follow(
  table_name text, scope text, scope_column text, audience text, append_only boolean default false
) returns void
language plpgsql
set search_path = public, pg_temp
as $$
declare
  followed sync_tables;
begin
  insert into sync_tables (table_name, scope, scope_column, audience)
  values (table_name, scope, scope_column, audience)
  returning * into followed;

  execute format('alter table %I enable row level security, force row level security', table_name);
  execute format('create policy owner_all on %I to foyer_owner using (true)', table_name);
  execute format('create policy log_all on %I to foyer_log using (true)', table_name);
  perform sync.create_app_policy(followed);
  execute format(
    'grant select, insert %s on %I to foyer_app', case when append_only then '' else ', update' end, table_name);
  -- To show rows to a facility that becomes able to see them.
  if scope <> 'facility' then
    execute format('grant select on %I to foyer_log', table_name);
  end if;

  perform sync.create_triggers(followed);
  perform sync_republish(table_name);
end
$$;

select sync_follow('organizations', 'organization', 'id', 'desk');
select sync_follow('facilities', 'organization', 'organization_id', 'desk');
select sync_follow('programs', 'organization', 'organization_id', 'desk');
select sync_follow('spaces', 'facility', 'facility_id', 'desk');
select sync_follow('staff', 'organization', 'organization_id', 'desk');
select sync_follow('roles', 'organization', 'organization_id', 'desk');
select sync_follow('role_permissions', 'organization', 'organization_id', 'desk');
select sync_follow('role_assignments', 'organization', 'organization_id', 'desk');
select sync_follow('payment_methods', 'organization', 'organization_id', 'desk');
select sync_follow('devices', 'facility', 'facility_id', 'desk');
select sync_follow('tills', 'facility', 'facility_id', 'desk');
select sync_follow('classes', 'facility', 'facility_id', 'desk');
select sync_follow('sessions', 'facility', 'facility_id', 'desk');
select sync_follow('families', 'family', 'id', 'desk');
select sync_follow('family_facilities', 'facility', 'facility_id', 'desk');
select sync_follow('guardians', 'family', 'family_id', 'desk');
select sync_follow('students', 'student', 'id', 'desk');
select sync_follow('family_students', 'family', 'family_id', 'desk');
select sync_follow('health_items', 'student', 'student_id', 'desk');
select sync_follow('enrollments', 'facility', 'facility_id', 'desk');
select sync_follow('bookings', 'facility', 'facility_id', 'desk');
select sync_follow('check_ins', 'facility', 'facility_id', 'desk', append_only => true);
select sync_follow('attendance_marks', 'facility', 'facility_id', 'desk', append_only => true);
select sync_follow('invoices', 'family', 'family_id', 'desk');
select sync_follow('invoice_lines', 'family', 'family_id', 'desk');
select sync_follow('payments', 'family', 'family_id', 'desk', append_only => true);
select sync_follow('payment_allocations', 'family', 'family_id', 'desk', append_only => true);
select sync_follow('payment_voids', 'family', 'family_id', 'desk', append_only => true);
select sync_follow('receipts', 'family', 'family_id', 'desk', append_only => true);
select sync_follow('device_progress', 'facility', 'facility_id', 'desk');
select sync_follow('mutation_outcomes', 'facility', 'facility_id', 'desk');
