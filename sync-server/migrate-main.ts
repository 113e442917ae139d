import { migrate, MigrationError } from './db/migrate.ts'

const { MIGRATE_URL: url, SERVER_PASSWORD: serverPassword } = process.env

if (!url) {
  console.error('MIGRATE_URL is not set, but expects a PostgreSQL URL of a role that may create roles and tables.')
  process.exit(78)
}

try {
  const applied = await migrate({ url, ...(serverPassword ? { serverPassword } : {}) })
  console.log(applied.length === 0 ? 'The database is up to date.' : `Applied ${applied.join(', ')}.`)
} catch (error) {
  if (!(error instanceof MigrationError)) throw error
  console.error(error.message)
  process.exit(1)
}
