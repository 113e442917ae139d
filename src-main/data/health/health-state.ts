/** What the device is doing about the proof of its health (SPEC H1-H9). */
export type HealthState =
  /** Until it is time to compare again. */
  | 'waiting'
  /** A person asked, and it cannot be done yet. */
  | 'wanted'
  /** Counting what is stored, and asking the server. */
  | 'comparing'
  /** The same, because a person asked. */
  | 'answering'
  /** Rows that are wrong are being fetched and put right. */
  | 'mending'
  /** Compared again after mending. */
  | 'proving'
  /** That could not be done yet. */
  | 'unproven'
  /** The whole replica is being fetched again; the old one stays shown. */
  | 'renewing'
  /** Compared again after that. */
  | 'confirming'
  /** That could not be done yet. */
  | 'unconfirmed'
  | 'stopped'

export type HealthEvent =
  | 'timer'
  /** A person wants to know now. */
  | 'asked'
  /** A local write was saved: there is something unsent. */
  | 'wrote'
  /** Everything is sent and the server answers. */
  | 'at_rest'
  | 'equal'
  /** Some rows of some tables are not what the log says. */
  | 'different'
  /** So many that fetching all is quicker, or pages that cannot be read. */
  | 'ruined'
  /** It could not be found out: offline, something unsent, the log moved on too far. */
  | 'later'
  | 'mended'
  | 'unmendable'
  /** Another replica is shown now. */
  | 'renewed'
  | 'stop'

export type HealthEffect =
  | 'none'
  | 'wait_quiet'
  | 'wait_soon'
  | 'wait_long'
  | 'compare'
  | 'mend'
  | 'renew'
  /** Also after fetching everything it is not right: that is for people to look at. */
  | 'give_up'
  | 'stop'

interface HealthStep {
  readonly next: HealthState
  readonly effect: HealthEffect
}

const step = (next: HealthState, effect: HealthEffect): HealthStep => ({ next, effect })
const stay = (state: HealthState): HealthStep => step(state, 'none')

const quietly = step('waiting', 'wait_quiet')
const well = step('waiting', 'wait_long')
const renew = step('renewing', 'renew')
const stop = step('stopped', 'stop')

const healthSteps: Record<HealthState, Record<HealthEvent, HealthStep>> = {
  waiting: {
    timer: step('comparing', 'compare'),
    asked: step('answering', 'compare'),
    wrote: quietly,
    at_rest: stay('waiting'),
    equal: stay('waiting'),
    different: stay('waiting'),
    ruined: stay('waiting'),
    later: stay('waiting'),
    mended: stay('waiting'),
    unmendable: stay('waiting'),
    renewed: quietly,
    stop: stop,
  },
  wanted: {
    timer: step('answering', 'compare'),
    asked: stay('wanted'),
    wrote: stay('wanted'),
    at_rest: step('answering', 'compare'),
    equal: stay('wanted'),
    different: stay('wanted'),
    ruined: stay('wanted'),
    later: stay('wanted'),
    mended: stay('wanted'),
    unmendable: stay('wanted'),
    renewed: step('answering', 'compare'),
    stop: stop,
  },
  comparing: {
    timer: stay('comparing'),
    asked: stay('answering'),
    wrote: stay('comparing'),
    at_rest: stay('comparing'),
    equal: well,
    different: step('mending', 'mend'),
    ruined: renew,
    later: step('waiting', 'wait_soon'),
    mended: stay('comparing'),
    unmendable: stay('comparing'),
    renewed: stay('comparing'),
    stop: stop,
  },
  answering: {
    timer: stay('answering'),
    asked: stay('answering'),
    wrote: stay('answering'),
    at_rest: stay('answering'),
    equal: well,
    different: step('mending', 'mend'),
    ruined: renew,
    later: step('wanted', 'wait_soon'),
    mended: stay('answering'),
    unmendable: stay('answering'),
    renewed: stay('answering'),
    stop: stop,
  },
  mending: {
    timer: stay('mending'),
    asked: stay('mending'),
    wrote: stay('mending'),
    at_rest: stay('mending'),
    equal: stay('mending'),
    different: stay('mending'),
    ruined: renew,
    later: step('waiting', 'wait_soon'),
    mended: step('proving', 'compare'),
    unmendable: renew,
    renewed: stay('mending'),
    stop: stop,
  },
  proving: {
    timer: stay('proving'),
    asked: stay('proving'),
    wrote: stay('proving'),
    at_rest: stay('proving'),
    equal: well,
    different: renew,
    ruined: renew,
    later: step('unproven', 'wait_soon'),
    mended: stay('proving'),
    unmendable: stay('proving'),
    renewed: stay('proving'),
    stop: stop,
  },
  unproven: {
    timer: step('proving', 'compare'),
    asked: step('proving', 'compare'),
    wrote: stay('unproven'),
    at_rest: step('proving', 'compare'),
    equal: stay('unproven'),
    different: stay('unproven'),
    ruined: stay('unproven'),
    later: stay('unproven'),
    mended: stay('unproven'),
    unmendable: stay('unproven'),
    renewed: stay('unproven'),
    stop: stop,
  },
  renewing: {
    timer: stay('renewing'),
    asked: stay('renewing'),
    wrote: stay('renewing'),
    at_rest: stay('renewing'),
    equal: stay('renewing'),
    different: stay('renewing'),
    ruined: stay('renewing'),
    later: stay('renewing'),
    mended: stay('renewing'),
    unmendable: stay('renewing'),
    renewed: step('confirming', 'compare'),
    stop: stop,
  },
  confirming: {
    timer: stay('confirming'),
    asked: stay('confirming'),
    wrote: stay('confirming'),
    at_rest: stay('confirming'),
    equal: well,
    different: step('waiting', 'give_up'),
    ruined: step('waiting', 'give_up'),
    later: step('unconfirmed', 'wait_soon'),
    mended: stay('confirming'),
    unmendable: stay('confirming'),
    renewed: stay('confirming'),
    stop: stop,
  },
  unconfirmed: {
    timer: step('confirming', 'compare'),
    asked: step('confirming', 'compare'),
    wrote: stay('unconfirmed'),
    at_rest: step('confirming', 'compare'),
    equal: stay('unconfirmed'),
    different: stay('unconfirmed'),
    ruined: stay('unconfirmed'),
    later: stay('unconfirmed'),
    mended: stay('unconfirmed'),
    unmendable: stay('unconfirmed'),
    renewed: stay('unconfirmed'),
    stop: stop,
  },
  stopped: {
    timer: stay('stopped'),
    asked: stay('stopped'),
    wrote: stay('stopped'),
    at_rest: stay('stopped'),
    equal: stay('stopped'),
    different: stay('stopped'),
    ruined: stay('stopped'),
    later: stay('stopped'),
    mended: stay('stopped'),
    unmendable: stay('stopped'),
    renewed: stay('stopped'),
    stop: stay('stopped'),
  },
}

export const healthStep = (state: HealthState, event: HealthEvent): HealthStep => healthSteps[state][event]
