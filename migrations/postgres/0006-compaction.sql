-- Keeps the facility log small (DESIGN.md §6.1), and tells a history that was rewound from one that goes on (§6.5).
--
--   foyer_compact   takes entries out of the log that nobody needs any more; it sees which, but no image of a row

-- As in 0001: roles belong to the whole cluster, and another database may be set up in it at this moment.
do $$
begin
  for attempt in 1 .. 20 loop
    begin
      if not exists (select from pg_roles where rolname = 'foyer_compact') then
        create role foyer_compact nologin;
      end if;
      if not exists (
        select from pg_auth_members
        where roleid = 'foyer_compact'::regrole and member = 'foyer_server'::regrole and set_option
      ) then
        grant foyer_compact to foyer_server with inherit false, set true;
      end if;
      exit;
    exception
      when duplicate_object or unique_violation or internal_error then
        if attempt = 20 then raise; end if;
        perform pg_sleep(0.05 * random());
    end;
  end loop;
end
$$;

set local role foyer_owner;

grant usage on schema public, sync to foyer_compact;

-- Up to which entry of a log it was looked which older ones that entry supersedes.
create table log_compaction (
  facility_id uuid not null,
  audience text not null,
  superseded_to int8 not null default 0,
  primary key (facility_id, audience),
  foreign key (facility_id, audience) references facility_heads
);
alter table log_compaction enable row level security, force row level security;
create policy owner_all on log_compaction to foyer_owner using (true);
create policy compact_all on log_compaction to foyer_compact using (true);

-- The removals that are still in the log, without looking at the images.
create index sync_log_removals on sync_log (facility_id, audience, position) where row is null;
create view sync.removals as
  select facility_id, audience, position, table_name, row_id, at from sync_log where row is null;

-- A removal that is gone from the log was in it.
alter table facility_heads add constraint facility_heads_pruned_to check (pruned_to between 0 and position);

-- Until now nothing was ever deleted from it.
alter table sync_log set (autovacuum_vacuum_scale_factor = 0.05);

grant select on sync.removals to foyer_compact;
grant select (facility_id, audience, position, table_name, row_id, at), delete on sync_log to foyer_compact;
grant select, update (pruned_to) on facility_heads to foyer_compact;
grant select, insert, update on log_compaction to foyer_compact;
create policy compact_reads on sync_log for select to foyer_compact using (true);
create policy compact_removes on sync_log for delete to foyer_compact using (true);
create policy compact_reads on facility_heads for select to foyer_compact using (true);
create policy compact_writes on facility_heads for update to foyer_compact using (true);

-- The history that an epoch names lives in one place. When the row is found in another one, history was rewound, or may
-- have been: a restored backup has another system identifier or timeline, a copied database another oid, and what was
-- loaded from a dump was written by another transaction.
alter table server_epoch
  add column home text,
  add column written_by xid8,
  add column since timestamptz(3) not null default now(),
  add column reason text not null default 'installed';

-- Null on a standby, which has no history of its own.
create function sync.home() returns text
language sql stable
set search_path = public, pg_temp
as $$
  select case when not pg_is_in_recovery() then
    format(
      '%s/%s/%s',
      (select system_identifier from pg_control_system()),
      left(pg_walfile_name(pg_current_wal_lsn()), 8),
      (select oid from pg_database where datname = current_database())
    )
  end
$$;

-- Begins a new history, unless somebody else just did: `seen` is the epoch that the caller found to be over. What devices
-- say is evidence, but no proof, so theirs counts only once the epoch is as old as `least_age`. Answers whether it began.
-- Must not run in a subtransaction: its number would be taken for another writer. The clock may have been set back.
create function sync.renew_epoch(seen uuid, why text, least_age interval default '0') returns boolean
language plpgsql security definer
set search_path = public, pg_temp
as $$
begin
  update server_epoch
  set epoch = gen_random_uuid(), home = sync.home(), written_by = pg_current_xact_id(), since = now(), reason = why
  where epoch = seen and (least_age = '0' or since not between now() - least_age and now());
  return found;
end
$$;

-- Looks whether this is still the place of the epoch's history, and begins a new one if it is not. `wal` only ever grows
-- within one history.
create function sync.keep_epoch(out epoch uuid, out is_renewed boolean, out wal int8)
language plpgsql security definer
set search_path = public, pg_temp
as $$
declare
  kept record;
begin
  is_renewed := false;
  select e.epoch, e.home is not distinct from sync.home() and e.written_by::xid = e.xmin as is_at_home into strict kept
  from server_epoch e;
  if not kept.is_at_home and not pg_is_in_recovery() then
    is_renewed := sync.renew_epoch(kept.epoch, 'restored');
  end if;
  select e.epoch into strict epoch from server_epoch e;
  wal := case when not pg_is_in_recovery() then pg_current_wal_lsn() - '0/0'::pg_lsn end;
end
$$;

update server_epoch set home = sync.home(), written_by = pg_current_xact_id();

grant usage on schema sync to foyer_feed;
grant execute on function sync.keep_epoch, sync.renew_epoch to foyer_feed;
grant select, update on server_epoch to foyer_log;
grant execute on function sync.home to foyer_log;
alter function sync.renew_epoch owner to foyer_log;
alter function sync.keep_epoch owner to foyer_log;
