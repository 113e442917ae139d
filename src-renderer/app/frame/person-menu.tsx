import { Menu } from '@mantine/core'
import { IconChevronUp } from '@tabler/icons-react'
import { useState } from 'react'
import { useEscape } from '../use-escape.ts'
import type { Action } from './palette.tsx'
import classes from './status-line.module.css'

interface PersonMenuProps {
  readonly name: string
  readonly actions: readonly Action[]
}

/** Who is signed in, and what they can do about that; the command palette for a finger. */
export const PersonMenu = ({ name, actions }: PersonMenuProps) => {
  const [isOpen, setOpen] = useState(false)
  useEscape(() => setOpen(false), isOpen)
  return (
    <Menu
      opened={isOpen}
      onChange={setOpen}
      closeOnEscape={false}
      position="top-end"
      width={280}
      transitionProps={{ duration: 80 }}
    >
      <Menu.Target>
        <button type="button" className={`${classes['part']} ${classes['person']}`} aria-label={`Signed in: ${name}`}>
          <bdi>{name}</bdi>
          <IconChevronUp size={14} aria-hidden="true" />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {actions.map(({ label, icon: Icon, run }) => (
          <Menu.Item
            key={label}
            className={classes['item']}
            leftSection={<Icon size={18} stroke={1.7} />}
            onClick={run}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
