import { asOwner } from '../demo/insert.ts'
import { loadGeneratedFacility } from '../demo/load.ts'

export interface ScaleSize {
  readonly facilities: number
  readonly devicesPerFacility: number
}

/** A device that can write: who is signed in there, and where children of its facility can be checked in. */
export interface SeededDevice {
  readonly deviceId: string
  readonly facilityId: string
  readonly organizationId: string
  readonly staffId: string
  readonly leaseId: string
  readonly sessionId: string
  readonly studentIds: readonly string[]
}

const studentsPerSession = 10

/**
 * An organization with many small facilities, each with a session, children booked into it, and enrolled devices where
 * somebody has signed in. The ids are made from numbers, so that nothing must be read back.
 */
export const seedFacilities = async (url: string, size: ScaleSize): Promise<readonly SeededDevice[]> => {
  await loadGeneratedFacility({ url, people: 60, marks: 0, now: new Date().toISOString() })
  return asOwner(url, async (client) => {
    // A transaction for each facility: all of its rows go into its log together.
    for (let number = 1; number <= size.facilities; number += 1) {
      await client.query(facilitySql(number, size.devicesPerFacility))
    }
    await client.query('analyze')
    const { rows } = await client.query<SeededDevice>(`
      select d.id as "deviceId", d.facility_id as "facilityId", f.organization_id as "organizationId",
        l.staff_id as "staffId", l.id as "leaseId", s.id as "sessionId",
        array(select student_id::text from bookings b where b.session_id = s.id order by id) as "studentIds"
      from devices d join facilities f on f.id = d.facility_id join leases l on l.device_id = d.id
        join sessions s on s.facility_id = d.facility_id
      where f.code like 'SCALE-%' order by d.id`)
    return rows
  })
}

const facilitySql = (number: number, devices: number): string => {
  // UUIDs of version 8: made our own way.
  const uuid = (text: string): string => `overlay(overlay(md5(${text}) placing '8' from 13) placing '8' from 17)::uuid`
  const id = (what: string): string => uuid(`'${what}' || '${number}'`)
  const each = (what: string): string => uuid(`'${what}' || '${number}/' || n`)
  const owner = `(select staff_id from role_assignments a join roles r on r.id = a.role_id
    join role_permissions p on p.role_id = r.id
    where p.permission = 'check_ins.record' and a.facility_id is null and a.ended_at is null order by a.id limit 1)`
  return `do $seed$ begin
    insert into facilities select (jsonb_populate_record(f, jsonb_build_object(
      'id', ${id('facility')}, 'code', 'SCALE-${number}', 'name', 'Site ${number}'))).*
      from facilities f where f.code not like 'SCALE-%' limit 1;
    insert into classes select (jsonb_populate_record(c, jsonb_build_object(
      'id', ${id('class')}, 'facility_id', ${id('facility')}))).* from classes c order by id limit 1;
    insert into sessions (id, facility_id, class_id, date, starts_at, ends_at, time_zone, capacity, status)
      values (${id('session')}, ${id('facility')}, ${id('class')}, current_date, '09:00', '10:00', 'UTC', 20, 'scheduled');
    insert into bookings (id, facility_id, session_id, student_id, kind)
      select ${each('booking')}, ${id('facility')}, ${id('session')}, student.id, 'regular'
      from (select id, row_number() over (order by id) as n from students) as student where n <= ${studentsPerSession};
    insert into devices (id, facility_id, name, audience, enrolled_at)
      select ${each('device')}, ${id('facility')}, 'Desk ' || n, 'desk', now() from generate_series(1, ${devices}) n;
    insert into tills (id, facility_id, device_id, code)
      select ${each('till')}, ${id('facility')}, ${each('device')}, 'T' || n from generate_series(1, ${devices}) n;
    insert into device_progress (id, facility_id, last_seq)
      select ${each('device')}, ${id('facility')}, 0 from generate_series(1, ${devices}) n;
    insert into leases (id, staff_id, device_id, facility_id, issued_at, not_after)
      select ${each('lease')}, ${owner}, ${each('device')}, ${id('facility')}, now(), now() + interval '14 days'
      from generate_series(1, ${devices}) n;
  end $seed$`
}
