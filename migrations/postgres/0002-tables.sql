-- The tables of src-shared/schema/tables, parents before children. What the definitions do not say stands here:
-- foreign keys, checks, unique constraints, indexes. Instants have milliseconds, like everywhere else in Foyer.
--
-- Where parent and child both carry the tenant (facility, organization or family), the foreign key does too: it cannot
-- point across tenants. That the facility exists follows from it then. For family_id and organization_id a key of their
-- own stays: the lock that it takes is what the facility log counts on (0003).

set local role foyer_owner;

create table organizations (
  id uuid primary key,
  name text not null,
  facility_label text not null,
  color text not null check (color ~* '^#[0-9a-f]{6}$')
);

create table facilities (
  id uuid primary key,
  organization_id uuid not null references organizations,
  name text not null,
  code text not null,
  address text not null,
  phone text,
  email text,
  time_zone text not null,
  locale text not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  legal_name text not null,
  registration_label text,
  registration_number text,
  check_in_opens_minutes int4 not null,
  check_in_closes_minutes int4 not null,
  unique (organization_id, id),
  unique (organization_id, code)
);

create table programs (
  id uuid primary key,
  organization_id uuid not null references organizations,
  name text not null,
  color text not null check (color ~* '^#[0-9a-f]{6}$')
);
create index on programs (organization_id);

create table spaces (
  id uuid primary key,
  facility_id uuid not null references facilities,
  name text not null,
  kind text not null
    check (kind in ('pool', 'lane', 'court', 'gym', 'field', 'classroom', 'lab', 'studio')),
  capacity int4 check (capacity >= 0),
  unique (facility_id, id)
);

create table staff (
  id uuid primary key,
  organization_id uuid not null references organizations,
  first_name text not null,
  last_name text not null,
  archived_at timestamptz(3),
  unique (organization_id, id)
);

create table roles (
  id uuid primary key,
  organization_id uuid not null references organizations,
  code text not null,
  name text not null,
  unique (organization_id, id),
  unique (organization_id, code)
);

create table role_permissions (
  id uuid primary key,
  organization_id uuid not null references organizations,
  role_id uuid not null,
  permission text not null,
  foreign key (organization_id, role_id) references roles (organization_id, id),
  unique (role_id, permission)
);
create index on role_permissions (organization_id);

create table role_assignments (
  id uuid primary key,
  organization_id uuid not null references organizations,
  staff_id uuid not null,
  role_id uuid not null,
  facility_id uuid,
  ended_at timestamptz(3),
  foreign key (organization_id, staff_id) references staff (organization_id, id),
  foreign key (organization_id, role_id) references roles (organization_id, id),
  foreign key (organization_id, facility_id) references facilities (organization_id, id)
);
create index on role_assignments (organization_id);
create index on role_assignments (staff_id);

create table payment_methods (
  id uuid primary key,
  organization_id uuid not null references organizations,
  name text not null,
  kind text not null
    check (kind in ('cash', 'card_terminal', 'card_online', 'bank', 'cheque', 'wallet', 'voucher')),
  hotkey text not null,
  reference_label text,
  sort int4 not null,
  archived_at timestamptz(3)
);
create index on payment_methods (organization_id);

create table devices (
  id uuid primary key,
  facility_id uuid not null references facilities,
  name text not null,
  audience text not null check (audience in ('desk', 'office')),
  enrolled_at timestamptz(3) not null,
  revoked_at timestamptz(3),
  unique (facility_id, id)
);

create table tills (
  id uuid primary key,
  facility_id uuid not null,
  device_id uuid not null,
  code text not null,
  foreign key (facility_id, device_id) references devices (facility_id, id),
  unique (facility_id, id),
  unique (facility_id, code)
);
create index on tills (device_id);

create table classes (
  id uuid primary key,
  facility_id uuid not null references facilities,
  program_id uuid not null references programs,
  name text not null,
  level text,
  mode text not null check (mode in ('term', 'rolling', 'camp', 'private', 'drop_in')),
  capacity int4 not null check (capacity >= 0),
  archived_at timestamptz(3),
  unique (facility_id, id)
);

create table sessions (
  id uuid primary key,
  facility_id uuid not null,
  class_id uuid not null,
  space_id uuid,
  instructor_id uuid references staff,
  date date not null,
  starts_at time not null,
  ends_at time not null check (ends_at > starts_at),
  time_zone text not null,
  capacity int4 not null check (capacity >= 0),
  status text not null
    check (status in ('scheduled', 'in_progress', 'completed', 'cancelled', 'rescheduled')),
  roll_closed_at timestamptz(3),
  roll_closed_by uuid references staff,
  foreign key (facility_id, class_id) references classes (facility_id, id),
  foreign key (facility_id, space_id) references spaces (facility_id, id),
  unique (facility_id, id)
);
create index on sessions (facility_id, date);
create index on sessions (class_id, date);

create table families (
  id uuid primary key,
  organization_id uuid not null references organizations,
  name text not null,
  card_code text,
  note text,
  archived_at timestamptz(3)
);
create unique index on families (organization_id, card_code) where card_code is not null;

create table family_facilities (
  id uuid primary key,
  family_id uuid not null references families,
  facility_id uuid not null references facilities,
  unique (family_id, facility_id)
);
create index on family_facilities (facility_id);

create table guardians (
  id uuid primary key,
  family_id uuid not null references families,
  first_name text not null,
  last_name text not null,
  relationship text not null,
  phone text,
  phone_e164 text,
  email text,
  priority int4 not null
);
create index on guardians (family_id);

create table students (
  id uuid primary key,
  organization_id uuid not null references organizations,
  first_name text not null,
  last_name text not null,
  preferred_name text,
  birth_date date not null,
  card_code text,
  status text not null check (status in ('active', 'inactive', 'graduated', 'withdrawn')),
  archived_at timestamptz(3)
);
create unique index on students (organization_id, card_code) where card_code is not null;

create table family_students (
  id uuid primary key,
  family_id uuid not null references families,
  student_id uuid not null references students,
  unique (family_id, student_id)
);
create index on family_students (student_id);

create table health_items (
  id uuid primary key,
  student_id uuid not null references students,
  kind text not null check (kind in ('allergy', 'condition', 'medication', 'diet', 'other')),
  severity text not null check (severity in ('info', 'serious', 'life_threatening')),
  name text not null,
  action text
);
create index on health_items (student_id);

create table enrollments (
  id uuid primary key,
  facility_id uuid not null,
  class_id uuid not null,
  student_id uuid not null references students,
  status text not null
    check (
      status in (
        'pending_payment', 'enrolled', 'trial', 'waitlisted', 'on_hold', 'completed', 'promoted', 'dropped'
      )
    ),
  starts_on date not null,
  ends_on date,
  foreign key (facility_id, class_id) references classes (facility_id, id),
  unique (facility_id, id)
);
create index on enrollments (student_id);
create index on enrollments (class_id);

create table bookings (
  id uuid primary key,
  facility_id uuid not null,
  session_id uuid not null,
  student_id uuid not null references students,
  enrollment_id uuid,
  kind text not null check (kind in ('regular', 'makeup', 'trial', 'walk_in')),
  cancelled_at timestamptz(3),
  foreign key (facility_id, session_id) references sessions (facility_id, id),
  foreign key (facility_id, enrollment_id) references enrollments (facility_id, id)
);
create unique index bookings_one_place on bookings (session_id, student_id) where cancelled_at is null;
create index on bookings (session_id);
create index on bookings (student_id);

create table check_ins (
  id uuid primary key,
  facility_id uuid not null,
  session_id uuid not null,
  student_id uuid not null references students,
  kind text not null check (kind in ('in', 'out', 'undo')),
  undoes_id uuid references check_ins,
  guardian_id uuid references guardians,
  at timestamptz(3) not null,
  hlc text not null,
  staff_id uuid not null references staff,
  device_id uuid not null,
  foreign key (facility_id, session_id) references sessions (facility_id, id),
  foreign key (facility_id, device_id) references devices (facility_id, id),
  check ((kind = 'undo') = (undoes_id is not null)),
  check (guardian_id is null or kind = 'out')
);
create index on check_ins (session_id, student_id);
create index on check_ins (student_id);
create index on check_ins (undoes_id) where undoes_id is not null;

create table attendance_marks (
  id uuid primary key,
  facility_id uuid not null,
  session_id uuid not null,
  student_id uuid not null references students,
  code text not null
    check (code in ('not_recorded', 'present', 'late', 'left_early', 'absent', 'excused', 'observing')),
  note text,
  source text not null check (source in ('instructor', 'office')),
  at timestamptz(3) not null,
  hlc text not null,
  staff_id uuid not null references staff,
  device_id uuid not null,
  foreign key (facility_id, session_id) references sessions (facility_id, id),
  foreign key (facility_id, device_id) references devices (facility_id, id)
);
create index on attendance_marks (session_id, student_id);
create index on attendance_marks (student_id);

create table invoices (
  id uuid primary key,
  family_id uuid not null references families,
  facility_id uuid not null references facilities,
  number text not null,
  status text not null check (status in ('draft', 'sent', 'void')),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  issued_on date not null,
  due_on date not null,
  unique (family_id, id),
  unique (facility_id, number)
);

create table invoice_lines (
  id uuid primary key,
  family_id uuid not null references families,
  invoice_id uuid not null,
  student_id uuid references students,
  enrollment_id uuid references enrollments,
  description text not null,
  quantity int4 not null,
  unit_amount int4 not null,
  total int4 not null,
  tax_name text,
  tax_amount int4 not null,
  foreign key (family_id, invoice_id) references invoices (family_id, id)
);
create index on invoice_lines (family_id);
create index on invoice_lines (invoice_id);

create table payments (
  id uuid primary key,
  family_id uuid not null references families,
  facility_id uuid not null,
  till_id uuid not null,
  method_id uuid not null references payment_methods,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  amount int4 not null check (amount >= 0),
  tendered int4 check (tendered >= 0),
  reference text,
  at timestamptz(3) not null,
  staff_id uuid not null references staff,
  device_id uuid not null,
  foreign key (facility_id, till_id) references tills (facility_id, id),
  foreign key (facility_id, device_id) references devices (facility_id, id),
  unique (family_id, id)
);
create index on payments (facility_id, at);

create table payment_allocations (
  id uuid primary key,
  family_id uuid not null references families,
  payment_id uuid not null,
  invoice_id uuid not null,
  amount int4 not null check (amount >= 0),
  foreign key (family_id, payment_id) references payments (family_id, id),
  foreign key (family_id, invoice_id) references invoices (family_id, id)
);
create index on payment_allocations (family_id);
create index on payment_allocations (payment_id);
create index on payment_allocations (invoice_id);

create table payment_voids (
  id uuid primary key,
  family_id uuid not null references families,
  payment_id uuid not null,
  reason text not null,
  at timestamptz(3) not null,
  staff_id uuid not null references staff,
  device_id uuid not null references devices,
  foreign key (family_id, payment_id) references payments (family_id, id),
  unique (payment_id)
);
create index on payment_voids (family_id);

create table receipts (
  id uuid primary key,
  family_id uuid not null references families,
  payment_id uuid not null,
  till_id uuid not null references tills,
  number int4 not null check (number >= 1),
  label text not null,
  issued_at timestamptz(3) not null,
  content text not null,
  foreign key (family_id, payment_id) references payments (family_id, id),
  constraint receipts_number_once unique (till_id, number)
);
create index on receipts (family_id);
create index on receipts (payment_id);

create table device_progress (
  id uuid primary key,
  facility_id uuid not null,
  last_seq int4 not null check (last_seq >= 0),
  foreign key (facility_id, id) references devices (facility_id, id)
);

create table mutation_outcomes (
  id uuid primary key,
  facility_id uuid not null,
  device_id uuid not null,
  device_seq int4 not null check (device_seq >= 1),
  staff_id uuid,
  command text not null,
  outcome text not null check (outcome in ('merged', 'refused')),
  code text not null,
  message text not null,
  details text not null,
  decided_at timestamptz(3) not null,
  foreign key (facility_id, device_id) references devices (facility_id, id)
);
create index on mutation_outcomes (device_id);

-- These never leave PostgreSQL.

create table staff_credentials (
  id uuid primary key,
  organization_id uuid not null references organizations,
  sign_in_name text not null check (sign_in_name = lower(sign_in_name)),
  password_hash text not null,
  foreign key (organization_id, id) references staff (organization_id, id),
  unique (organization_id, sign_in_name)
);

create table device_keys (
  id uuid primary key,
  facility_id uuid not null,
  public_key text not null,
  foreign key (facility_id, id) references devices (facility_id, id)
);

create table device_codes (
  id uuid primary key,
  facility_id uuid not null references facilities,
  audience text not null check (audience in ('desk', 'office')),
  code_hash text not null unique,
  created_by uuid references staff,
  expires_at timestamptz(3) not null,
  used_at timestamptz(3),
  failed_tries int4 not null check (failed_tries >= 0)
);

create table leases (
  id uuid primary key,
  facility_id uuid not null,
  staff_id uuid not null references staff,
  device_id uuid not null,
  issued_at timestamptz(3) not null,
  not_after timestamptz(3) not null,
  foreign key (facility_id, device_id) references devices (facility_id, id)
);
create index on leases (device_id, staff_id);

create table mutations (
  id uuid primary key,
  facility_id uuid not null,
  device_id uuid not null,
  device_seq int4 not null check (device_seq >= 1),
  staff_id uuid,
  lease_id uuid,
  command text not null,
  version int4 not null,
  body text not null,
  body_hash text not null,
  outcome text not null check (outcome in ('applied', 'merged', 'refused')),
  code text,
  message text,
  details text,
  received_at timestamptz(3) not null,
  foreign key (facility_id, device_id) references devices (facility_id, id),
  -- Of what a device sent under one number, one mutation at most had an effect. What a copied device sends under used
  -- numbers is refused, and kept.
  constraint mutations_once exclude using btree (device_id with =, device_seq with =)
    where (outcome <> 'refused') deferrable initially deferred
);
create index on mutations (device_id, device_seq);
