-- Who may do what with the tables that are not replicated, and the rights that go beyond sync_follow's.

set local role foyer_owner;

-- A family may be linked to several facilities; what is written down here was done here.
create policy payments_here on payments as restrictive for insert to foyer_app
  with check (facility_id = (select app_facility()));
create policy invoices_here on invoices as restrictive for insert to foyer_app
  with check (facility_id = (select app_facility()));

do $$
declare
  name text;
begin
  foreach name in array array['staff_credentials', 'device_keys', 'device_codes', 'leases', 'mutations'] loop
    execute format('alter table %I enable row level security, force row level security', name);
    execute format('create policy owner_all on %I to foyer_owner using (true)', name);
  end loop;
end
$$;

grant select, insert, update on mutations to foyer_app;
create policy app_own on mutations to foyer_app using (facility_id = (select app_facility()));

-- Is the lease under which a mutation was made one that we gave?
grant select on leases to foyer_app;
create policy app_own on leases for select to foyer_app using (facility_id = (select app_facility()));

-- Signing in and enrolling happen before the tenant is known: foyer_auth finds it out. It never sees people or money.
grant select, insert, update on staff_credentials, device_keys, device_codes, leases, devices, tills to foyer_auth;
grant select, insert on device_progress to foyer_auth;
grant select on organizations, facilities, staff, roles, role_permissions, role_assignments to foyer_auth;

do $$
declare
  name text;
begin
  foreach name in array array[
    'staff_credentials', 'device_keys', 'device_codes', 'leases', 'devices', 'tills', 'device_progress',
    'organizations', 'facilities', 'staff', 'roles', 'role_permissions', 'role_assignments'
  ] loop
    execute format('create policy auth_all on %I to foyer_auth using (true)', name);
  end loop;
end
$$;
