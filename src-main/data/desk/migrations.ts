/** The schema of `desk.db`, step by step. It holds what nobody else has, so it is migrated and never rebuilt. */
export const deskMigrations: readonly string[] = [
  `
  create table settings (key text primary key, value text not null) strict;

  -- The outbox and the log of what was sent: which is which follows from device_progress in the replica.
  create table mutations (
    seq integer primary key,
    id text not null unique,
    envelope text not null,
    at text not null
  ) strict;

  create table series (kind text primary key, next integer not null) strict;
  insert into series values ('mutation', 1), ('receipt', 1);

  create table print_jobs (
    id text primary key,
    receipt_id text not null,
    label text not null,
    state text not null check (state in ('waiting', 'printed', 'failed', 'dismissed')),
    at text not null
  ) strict;

  -- Refused and merged mutations that a person has read.
  create table closed_outcomes (id text primary key, at text not null) strict;
  `,
]
