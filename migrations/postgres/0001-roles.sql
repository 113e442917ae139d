-- A role per duty. Roles belong to the whole cluster, and several databases may be set up in it at the same moment:
-- whatever exists already, or appears while we look, is fine.
--
--   foyer_owner   owns tables and schema; migrations and loaders act as it
--   foyer_app     runs commands for one facility
--   foyer_feed    reads the facility log
--   foyer_auth    enrolls devices, signs staff in
--   foyer_log     owns the functions that write the facility log
--   foyer_server  what the server's pool logs in as; it can do nothing until a transaction takes one of the duties

do $$
declare
  wanted record;
begin
  for wanted in
    select *
    from (values
      ('foyer_owner', 'nologin'),
      ('foyer_app', 'nologin'),
      ('foyer_feed', 'nologin'),
      ('foyer_auth', 'nologin'),
      ('foyer_log', 'nologin'),
      ('foyer_server', 'login noinherit')
    ) as roles (name, options)
  loop
    begin
      if not exists (select from pg_roles where rolname = wanted.name) then
        execute format('create role %I %s', wanted.name, wanted.options);
      end if;
    exception
      when duplicate_object or unique_violation then null;
    end;
  end loop;
end
$$;

do $$
declare
  wanted record;
begin
  for wanted in
    select *
    from (values
      ('foyer_app', 'foyer_server', false),
      ('foyer_feed', 'foyer_server', false),
      ('foyer_auth', 'foyer_server', false),
      -- Gives the functions of a newly followed table to foyer_log.
      ('foyer_log', 'foyer_owner', false),
      -- A superuser needs no membership; any other admin has the rights of the owner by this one.
      ('foyer_owner', (select rolname from pg_roles where rolname = current_user and not rolsuper), true)
    ) as memberships (role, member, inherits)
    where member is not null
  loop
    -- A grant beside ours makes this one fail with "tuple concurrently updated" (an internal error, by its code).
    for attempt in 1 .. 20 loop
      begin
        if not exists (
          select from pg_auth_members
          where roleid = wanted.role::regrole and member = wanted.member::regrole and set_option
        ) then
          execute format(
            'grant %I to %I with inherit %s, set true', wanted.role, wanted.member, wanted.inherits::text);
        end if;
        exit;
      exception
        when unique_violation or internal_error then
          if attempt = 20 then raise; end if;
          perform pg_sleep(0.05 * random());
      end;
    end loop;
  end loop;
end
$$;

do $$
begin
  execute format('grant create on database %I to foyer_owner', current_database());
end
$$;

alter schema public owner to foyer_owner;
alter table schema_migrations owner to foyer_owner;

set local role foyer_owner;

revoke all on schema public from public;
grant usage on schema public to foyer_app, foyer_feed, foyer_auth, foyer_log, foyer_server;
-- What the server compares with its definitions when it starts.
grant select on schema_migrations to foyer_server;

-- The functions of the facility log. `public` holds tables only, so that a pinned search_path finds nothing planted.
create schema sync;
grant usage, create on schema sync to foyer_log;
alter default privileges revoke execute on functions from public;
