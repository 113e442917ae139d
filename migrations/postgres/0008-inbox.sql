-- The conflict inbox: what was asked and what the server had instead, beside each refused or merged mutation, and how a
-- person settled it. Nothing but a row of inbox_settlements takes an item out of the inbox.

set local role foyer_owner;

alter table mutation_outcomes
  add column version int4 not null default 0,
  add column args text not null default 'null',
  add column at timestamptz(3),
  add column instead text not null default '[]',
  add column suggestion text not null default 'look',
  add column caused_by uuid;

-- What was asked by those that were decided before. `json` keeps the text as it was sent; a body with \u0000 in it cannot
-- be taken apart in SQL, and is still in `mutations` as a whole.
do $$
declare
  decided record;
begin
  for decided in
    select m.id, m.version, m.body from mutations m join mutation_outcomes o on o.id = m.id
  loop
    begin
      update mutation_outcomes
      set version = decided.version,
        args = coalesce((decided.body::json -> 'args')::text, 'null'),
        at = case
          when decided.body::json ->> 'at' ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$'
          then (decided.body::json ->> 'at')::timestamptz
        end
      where id = decided.id;
    exception
      when data_exception then
        update mutation_outcomes set version = decided.version where id = decided.id;
    end;
  end loop;
end
$$;

-- What is decided from now on says all of it.
alter table mutation_outcomes
  alter column version drop default,
  alter column args drop default,
  alter column instead drop default,
  alter column suggestion drop default;

create index on mutation_outcomes (facility_id, decided_at);
alter table mutation_outcomes add unique (facility_id, id);

-- Nothing changes what was decided.
revoke update on mutation_outcomes from foyer_app;

create table inbox_settlements (
  id uuid primary key,
  facility_id uuid not null references facilities,
  state text not null check (state in ('accepted', 'redone', 'dropped')),
  note text,
  redone_by uuid,
  at timestamptz(3) not null,
  staff_id uuid not null references staff,
  device_id uuid not null,
  foreign key (facility_id, id) references mutation_outcomes (facility_id, id),
  foreign key (facility_id, device_id) references devices (facility_id, id),
  check ((state = 'redone') = (redone_by is not null)),
  check (state <> 'dropped' or note is not null)
);

select sync_follow('inbox_settlements', 'facility', 'facility_id', 'desk', append_only => true);
