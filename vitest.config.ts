import { defineConfig } from 'vitest/config'

/** The folder says what machine a test needs. Limits are wide: two shared cores stall for seconds at times. */
const project = (name: string, needs: { readonly postgres: boolean }) => ({
  test: {
    name,
    include: [`tests/${name}/**/*.test.{ts,tsx}`],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // One PostgreSQL serves them all; more workers would only wait for each other.
    ...(needs.postgres ? { globalSetup: ['tests/support/postgres.setup.ts'], maxWorkers: 2 } : {}),
  },
})

export default defineConfig({
  test: {
    pool: 'forks',
    projects: [
      project('unit', { postgres: false }),
      project('replica', { postgres: false }),
      project('server', { postgres: true }),
      project('sync', { postgres: true }),
      project('faults', { postgres: true }),
      project('sim', { postgres: false }),
    ],
  },
})
