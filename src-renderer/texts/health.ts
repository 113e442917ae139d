import type { HealthItem } from '../../src-shared/queries/roll.ts'

const kinds: Readonly<Record<HealthItem['kind'], string | undefined>> = {
  allergy: 'Allergy',
  condition: 'Condition',
  medication: 'Medication',
  diet: 'Diet',
  other: undefined,
}

/** `Allergy: Peanuts`. */
export const healthText = ({ kind, name }: Pick<HealthItem, 'kind' | 'name'>): string =>
  kinds[kind] ? `${kinds[kind]}: ${name}` : name
