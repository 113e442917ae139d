import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type HealthEvent, type HealthState, healthStep } from '../../../src-main/data/health/health-state.ts'

const states: readonly HealthState[] = [
  'waiting',
  'wanted',
  'comparing',
  'answering',
  'mending',
  'proving',
  'unproven',
  'renewing',
  'confirming',
  'unconfirmed',
  'stopped',
]
const events: readonly HealthEvent[] = [
  'timer',
  'asked',
  'wrote',
  'at_rest',
  'equal',
  'different',
  'ruined',
  'later',
  'mended',
  'unmendable',
  'renewed',
  'stop',
]

const walk = (from: HealthState, ...path: readonly HealthEvent[]) => {
  let state = from
  const effects = path.map((event) => {
    const { next, effect } = healthStep(state, event)
    state = next
    return effect
  })
  return { state, effects }
}

describe('the proof of health as a machine', () => {
  test('compares, finds nothing, and waits for long (SPEC H1)', () => {
    expect(walk('waiting', 'timer', 'equal')).toEqual({ state: 'waiting', effects: ['compare', 'wait_long'] })
  })

  test('starts its quiet time anew with every local write (SPEC H1)', () => {
    expect(walk('waiting', 'wrote', 'wrote')).toEqual({ state: 'waiting', effects: ['wait_quiet', 'wait_quiet'] })
  })

  test('mends what differs, and believes it only when it has compared again (SPEC H4, SPEC H7)', () => {
    expect(walk('waiting', 'timer', 'different', 'mended', 'equal')).toEqual({
      state: 'waiting',
      effects: ['compare', 'mend', 'compare', 'wait_long'],
    })
  })

  test('fetches everything when mending does not help, and gives up only after that (SPEC H6)', () => {
    expect(walk('mending', 'mended', 'different', 'renewed', 'different')).toEqual({
      state: 'waiting',
      effects: ['compare', 'renew', 'compare', 'give_up'],
    })
  })

  test('fetches everything at once when pages cannot be read, or too much is wrong (SPEC H6)', () => {
    expect(walk('comparing', 'ruined').effects).toEqual(['renew'])
    expect(walk('mending', 'unmendable').effects).toEqual(['renew'])
    expect(walk('mending', 'ruined').effects).toEqual(['renew'])
  })

  test('keeps what a person asked for until it can be done', () => {
    expect(walk('waiting', 'asked', 'later', 'at_rest', 'equal')).toEqual({
      state: 'waiting',
      effects: ['compare', 'wait_soon', 'compare', 'wait_long'],
    })
  })

  test('never has two things under way: what is being done ends before the next begins', () => {
    const working: readonly HealthState[] = ['comparing', 'answering', 'mending', 'proving', 'renewing', 'confirming']
    const outside: readonly HealthEvent[] = ['timer', 'asked', 'wrote', 'at_rest']

    for (const state of working) {
      for (const event of outside)
        expect([state, event, healthStep(state, event).effect]).toEqual([state, event, 'none'])
    }
  })

  test('comes from everywhere to a timer, or to work that ends in an event: it never stands still (I8, SPEC H9)', () => {
    const answers: Partial<Record<HealthState, readonly HealthEvent[]>> = {
      comparing: ['equal', 'different', 'ruined', 'later'],
      answering: ['equal', 'different', 'ruined', 'later'],
      mending: ['mended', 'unmendable', 'ruined', 'later'],
      proving: ['equal', 'different', 'ruined', 'later'],
      renewing: ['renewed'],
      confirming: ['equal', 'different', 'ruined', 'later'],
    }
    for (const [state, possible] of Object.entries(answers) as [HealthState, readonly HealthEvent[]][]) {
      for (const event of possible) expect(healthStep(state, event).effect).not.toBe('none')
    }
    for (const state of states.filter((each) => !(each in answers) && each !== 'stopped')) {
      expect(healthStep(state, 'timer').effect).toBe('compare')
    }
  })

  test('does nothing more once it is stopped, whatever happens', () => {
    fc.assert(
      fc.property(fc.constantFrom(...states), fc.array(fc.constantFrom(...events)), (state, path) => {
        expect(walk(healthStep(state, 'stop').next, ...path).effects.filter((effect) => effect !== 'none')).toEqual([])
      }),
    )
  })
})
