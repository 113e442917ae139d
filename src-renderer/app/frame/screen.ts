import type { TablerIcon } from '@tabler/icons-react'
import type { ComponentType } from 'react'
import type { Permission } from '../../../src-shared/permissions.ts'

/** An entry of the rail and where it leads. */
export interface Screen {
  readonly path: string
  readonly label: string
  /** Works everywhere, also while typing. */
  readonly hotkey: string
  readonly icon: TablerIcon
  readonly permission: Permission
  readonly component: ComponentType
}
