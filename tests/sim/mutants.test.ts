import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { changesOf } from '../../build/sim/mutant.ts'
import { mutants } from '../../build/sim/mutant-list.ts'

const root = join(import.meta.dirname, '../..')

/** `npm run sim -- --mutants` takes each away and runs the simulator: too long for here. */
test.each(mutants)('the safety line is there, once: $name', (mutant) => {
  for (const { file, changes } of changesOf(mutant)) {
    const text = readFileSync(join(root, file), 'utf8')
    for (const [from] of changes) expect(text.split(from)).toHaveLength(2)
  }
})
