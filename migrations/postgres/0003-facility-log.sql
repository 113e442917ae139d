-- The facility log (DESIGN.md §6.1): per facility and audience a gapless, commit-ordered list of row images.
--
-- 1. Triggers on every followed table put row images into sync_stage, under the transaction's id (sync_follow).
-- 2. At commit a deferred trigger moves them into sync_log. Positions come from facility_heads, whose row is locked
--    last and until the commit is over: so the order of positions is the order of commits, a position never goes
--    missing, and locks are always taken rows first, then heads, those in one order.
-- 3. Links of families and students decide who sees their rows; when links change, rows enter and leave logs.

set local role foyer_owner;

-- The tenant of a transaction, null when there is none. A setting that was local to a transaction is '' on the same
-- connection afterwards, not null.
create function app_facility() returns uuid language sql stable parallel safe
  return nullif(current_setting('app.facility', true), '')::uuid;
create function app_organization() returns uuid language sql stable parallel safe
  return nullif(current_setting('app.organization', true), '')::uuid;
grant execute on function app_facility, app_organization to foyer_app, foyer_feed, foyer_auth, foyer_log;

-- Changes when history was rewound (a restored backup): then positions do not mean the same any more.
create table server_epoch (
  id boolean primary key default true check (id),
  epoch uuid not null default gen_random_uuid()
);
insert into server_epoch default values;

create table facility_heads (
  facility_id uuid not null references facilities,
  audience text not null check (audience in ('desk', 'office')),
  position int8 not null default 0,
  -- Removals up to this position are gone from the log: who is not past it starts afresh.
  pruned_to int8 not null default 0,
  primary key (facility_id, audience)
);

create table sync_log (
  facility_id uuid not null,
  audience text not null,
  position int8 not null,
  table_name text not null,
  row_id uuid not null,
  -- Null: the row is gone, or not to be seen here any more.
  row jsonb,
  at timestamptz(3) not null,
  primary key (facility_id, audience, position)
);
-- For the newest image of each live row.
create index sync_log_by_row on sync_log (facility_id, audience, table_name, row_id, position);

-- Both are empty between transactions, so nothing is lost when a crash empties them.
create unlogged table sync_stage (
  seq int8 generated always as identity,
  xid xid8 not null default pg_current_xact_id(),
  facility_id uuid not null,
  audience text not null,
  table_name text not null,
  row_id uuid not null,
  row jsonb
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
create index on sync_stage (xid);

-- One row for a transaction that has something to publish: what the deferred trigger hangs on. (On sync_stage it would
-- be called once for each image.)
create unlogged table sync_pending (
  xid xid8 primary key default pg_current_xact_id()
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);

-- Which tables are followed, in the order in which they were added: parents before children.
create table sync_tables (
  table_name text primary key,
  scope text not null check (scope in ('facility', 'organization', 'family', 'student')),
  scope_column text not null,
  audience text not null check (audience in ('desk', 'office')),
  ordinal int4 not null generated always as identity unique
);

grant select on sync_log, facility_heads, server_epoch to foyer_feed;
grant select on server_epoch to foyer_app, foyer_auth;
grant select on sync_tables to foyer_server;
grant select on sync_tables, facility_heads to foyer_log;
grant update (position) on facility_heads to foyer_log;
grant insert on facility_heads, sync_log to foyer_log;
grant select, insert, delete on sync_stage, sync_pending to foyer_log;

alter table facility_heads enable row level security, force row level security;
create policy owner_all on facility_heads to foyer_owner using (true);
create policy log_all on facility_heads to foyer_log using (true);
create policy feed_reads on facility_heads for select to foyer_feed using (facility_id = (select app_facility()));

alter table sync_log enable row level security, force row level security;
create policy owner_all on sync_log to foyer_owner using (true);
create policy log_all on sync_log to foyer_log using (true);
create policy feed_reads on sync_log for select to foyer_feed using (facility_id = (select app_facility()));

-- Called at commit, and in the middle of a transaction after SET CONSTRAINTS … IMMEDIATE; what is staged later makes a
-- new row in sync_pending and is published by it.
create function sync.publish() returns trigger
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
  delete from sync_pending where xid = pg_current_xact_id();
  return null;
end
$$;

create constraint trigger sync_publish after insert on sync_pending
  deferrable initially deferred for each row execute function sync.publish();

-- Adds all rows of one kind under these keys (family ids, student ids, organization ids) to the logs of facilities, or
-- takes them out. The two arrays belong together: keys[n] for facilities[n].
create function sync.stage_moved(kind text, facilities uuid[], keys uuid[], is_shown boolean) returns void
language plpgsql security definer
set search_path = public, pg_temp
set timezone = 'UTC'
as $$
declare
  followed record;
begin
  for followed in
    select * from sync_tables where scope = kind order by case when is_shown then ordinal else -ordinal end
  loop
    execute format(
      'insert into sync_stage (facility_id, audience, table_name, row_id, row)
       select moved.facility_id, %L, %L, r.id, %s
       from unnest($1, $2) as moved (facility_id, key) join %I r on r.%I = moved.key',
      followed.audience, followed.table_name, case when is_shown then 'to_jsonb(r)' else 'null' end,
      followed.table_name, followed.scope_column
    ) using facilities, keys;
  end loop;
  insert into sync_pending default values on conflict do nothing;
end
$$;

create function sync.refuse_truncate() returns trigger language plpgsql
set search_path = public, pg_temp
as $$
begin
  raise exception 'Table % is replicated: delete its rows instead, so that replicas learn of it', tg_table_name
    using errcode = 'feature_not_supported';
end
$$;

-- Who writes a family's rows must not miss that the family is being linked to another facility, nor the other way
-- round. Writers hold FOR KEY SHARE on the row of the family (student, organization), by its foreign key or by
-- sync_follow's triggers; who changes links takes FOR UPDATE on it first and reads afterwards. Families are locked
-- before students.

create function sync.before_link() returns trigger
language plpgsql security definer
set search_path = public, pg_temp
as $$
begin
  if tg_op <> 'INSERT' then
    perform from families where id = old.family_id for update;
  end if;
  if tg_op = 'DELETE' then
    return old;
  end if;
  perform from families where id = new.family_id for update;
  if exists (
    select from families, facilities
    where families.id = new.family_id and facilities.id = new.facility_id
      and families.organization_id <> facilities.organization_id
  ) then
    raise exception 'Family and facility belong to different organizations' using errcode = 'foreign_key_violation';
  end if;
  return new;
end
$$;

create function sync.before_membership() returns trigger
language plpgsql security definer
set search_path = public, pg_temp
as $$
begin
  if tg_op <> 'INSERT' then
    perform from families where id = old.family_id for key share;
    perform from students where id = old.student_id for update;
  end if;
  if tg_op = 'DELETE' then
    return old;
  end if;
  perform from families where id = new.family_id for key share;
  perform from students where id = new.student_id for update;
  if exists (
    select from families, students
    where families.id = new.family_id and students.id = new.student_id
      and families.organization_id <> students.organization_id
  ) then
    raise exception 'Family and student belong to different organizations' using errcode = 'foreign_key_violation';
  end if;
  return new;
end
$$;

-- Students at facilities where they can be seen no more, by any of their families, leave; the others enter (again).
create function sync.stage_students(facilities uuid[], students uuid[]) returns void
language plpgsql security definer
set search_path = public, pg_temp
-- From the student to its few families to their few facilities, by index, also when there are no statistics yet.
set enable_hashjoin = off
set enable_mergejoin = off
set enable_material = off
as $$
declare
  side record;
begin
  for side in
    select is_shown, array_agg(facility_id) as facilities, array_agg(student_id) as students
    from (
      select facility_id, student_id, facility_id in (
        select l.facility_id from family_students m join family_facilities l on l.family_id = m.family_id
        where m.student_id = pair.student_id
      ) as is_shown
      from (select distinct * from unnest(facilities, students)) as pair (facility_id, student_id)
    ) as judged
    group by is_shown
  loop
    perform sync.stage_moved('student', side.facilities, side.students, side.is_shown);
  end loop;
end
$$;

-- Families were linked to facilities, or unlinked.
create function sync.stage_families(facilities uuid[], families uuid[], is_shown boolean) returns void
language plpgsql security definer
set search_path = public, pg_temp
as $$
declare
  moved record;
begin
  if facilities is null then
    return;
  end if;
  perform from students
    where id in (select m.student_id from family_students m where m.family_id = any (families))
    order by id for update;
  perform sync.stage_moved('family', facilities, families, is_shown);
  select array_agg(pair.facility_id) as facilities, array_agg(m.student_id) as students into moved
  from unnest(facilities, families) as pair (facility_id, family_id)
    join family_students m on m.family_id = pair.family_id;
  perform sync.stage_students(moved.facilities, moved.students);
end
$$;

create function sync.after_link() returns trigger
language plpgsql security definer
set search_path = public, pg_temp
as $$
declare
  ended record;
  begun record;
begin
  if tg_op = 'INSERT' then
    select array_agg(facility_id) as facilities, array_agg(family_id) as families into begun from new_rows;
    perform sync.stage_families(begun.facilities, begun.families, true);
  elsif tg_op = 'DELETE' then
    select array_agg(facility_id) as facilities, array_agg(family_id) as families into ended from old_rows;
    perform sync.stage_families(ended.facilities, ended.families, false);
  else
    select array_agg(facility_id) as facilities, array_agg(family_id) as families into ended
    from (select facility_id, family_id from old_rows except select facility_id, family_id from new_rows) as pair;
    perform sync.stage_families(ended.facilities, ended.families, false);
    select array_agg(facility_id) as facilities, array_agg(family_id) as families into begun
    from (select facility_id, family_id from new_rows except select facility_id, family_id from old_rows) as pair;
    perform sync.stage_families(begun.facilities, begun.families, true);
  end if;
  return null;
end
$$;

create function sync.after_membership() returns trigger
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
    from old_rows m join family_facilities l on l.family_id = m.family_id;
  else
    select array_agg(l.facility_id) as facilities, array_agg(m.student_id) as students into moved
    from (
      (select family_id, student_id from old_rows except select family_id, student_id from new_rows)
      union all
      (select family_id, student_id from new_rows except select family_id, student_id from old_rows)
    ) as m join family_facilities l on l.family_id = m.family_id;
  end if;
  perform sync.stage_students(moved.facilities, moved.students);
  return null;
end
$$;

-- A new facility begins with its heads and with what all facilities of its organization know.
create function sync.before_facility() returns trigger
language plpgsql security definer
set search_path = public, pg_temp
as $$
begin
  if tg_op = 'UPDATE' then
    raise exception 'A facility stays with its organization' using errcode = 'feature_not_supported';
  end if;
  perform from organizations where id = new.organization_id for update;
  return new;
end
$$;

create function sync.after_facility() returns trigger
language plpgsql security definer
set search_path = public, pg_temp
as $$
declare
  begun record;
begin
  insert into facility_heads (facility_id, audience)
  select new_rows.id, audience from new_rows, unnest(array['desk', 'office']) as audience;
  select array_agg(id) as facilities, array_agg(organization_id) as organizations into begun from new_rows;
  if begun.facilities is not null then
    perform sync.stage_moved('organization', begun.facilities, begun.organizations, true);
  end if;
  return null;
end
$$;

grant select on facilities, families, students, organizations, family_facilities, family_students to foyer_log;
-- What it takes to lock a row.
grant update (id) on families, students, organizations to foyer_log;

create trigger sync_before before insert or update or delete on family_facilities
  for each row execute function sync.before_link();
create trigger sync_move_insert after insert on family_facilities
  referencing new table as new_rows for each statement execute function sync.after_link();
create trigger sync_move_update after update on family_facilities
  referencing old table as old_rows new table as new_rows for each statement execute function sync.after_link();
create trigger sync_move_delete after delete on family_facilities
  referencing old table as old_rows for each statement execute function sync.after_link();

create trigger sync_before before insert or update or delete on family_students
  for each row execute function sync.before_membership();
create trigger sync_move_insert after insert on family_students
  referencing new table as new_rows for each statement execute function sync.after_membership();
create trigger sync_move_update after update on family_students
  referencing old table as old_rows new table as new_rows for each statement execute function sync.after_membership();
create trigger sync_move_delete after delete on family_students
  referencing old table as old_rows for each statement execute function sync.after_membership();

create trigger sync_before before insert on facilities
  for each row execute function sync.before_facility();
create trigger sync_keep before update of organization_id on facilities
  for each row when (old.organization_id <> new.organization_id) execute function sync.before_facility();
-- Before sync_stage_insert, by its name: that one may publish already (SET CONSTRAINTS … IMMEDIATE).
create trigger sync_move_insert after insert on facilities
  referencing new table as new_rows for each statement execute function sync.after_facility();

-- What runs with the rights of foyer_log belongs to it.
do $$
declare
  routine regprocedure;
begin
  for routine in
    select oid from pg_proc where pronamespace = 'sync'::regnamespace and prosecdef
  loop
    execute format('alter function %s owner to foyer_log', routine);
  end loop;
end
$$;
