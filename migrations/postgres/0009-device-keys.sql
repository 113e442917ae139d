-- Since when a device has its key: of two certificates the newer one counts, also for a backup that knows the older (S5, D16).

set local role foyer_owner;

-- The default is for servers of before.
alter table device_keys add column since timestamptz(3) not null default now();
update device_keys set since = device.enrolled_at from devices as device where device.id = device_keys.id;
