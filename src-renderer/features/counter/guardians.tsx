import type { SheetGuardian } from '../../../src-shared/queries/family.ts'
import classes from './guardians.module.css'

/** The adults of the family and how to call them, the first one to call first. */
export const Guardians = ({ guardians }: { readonly guardians: readonly SheetGuardian[] }) =>
  guardians.length > 0 && (
    <ul className={classes['list']} aria-label="Adults">
      {guardians.map(({ id, first_name, last_name, relationship, phone }) => (
        <li key={id}>
          <bdi className={classes['name']}>
            {first_name} {last_name}
          </bdi>
          <span className={classes['relationship']}>{relationship}</span>
          {phone && <bdi className={classes['phone']}>{phone}</bdi>}
        </li>
      ))}
    </ul>
  )
