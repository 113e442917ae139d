-- Proof of health (DESIGN.md §6.2): what the rows of a log come to, table by table, at one of its positions.
--
-- A digest is a sum over the newest image of each row up to `position`, so the log itself says how to get from one
-- position to another: nothing is kept in the way of those who write. It was counted when the log had been compacted up
-- to `base`; once it was compacted beyond `position` as well, images that are needed to go on from there may be gone.

set local role foyer_owner;

create table facility_digests (
  facility_id uuid not null,
  audience text not null,
  table_name text not null,
  -- Which columns were counted: servers of two versions may run side by side.
  form text not null,
  position int8 not null,
  base int8 not null,
  rows int4 not null,
  digest text not null check (digest ~ '^[0-9a-f]{32}$'),
  counted_at timestamptz(3) not null default now(),
  primary key (facility_id, audience, table_name, form),
  foreign key (facility_id, audience) references facility_heads
);

alter table facility_digests enable row level security, force row level security;
create policy owner_all on facility_digests to foyer_owner using (true);
create policy feed_own on facility_digests to foyer_feed using (facility_id = (select app_facility()));
grant select, insert, update, delete on facility_digests to foyer_feed;

-- Up to where images may be gone.
grant select on log_compaction to foyer_feed;
create policy feed_reads on log_compaction for select to foyer_feed using (facility_id = (select app_facility()));
