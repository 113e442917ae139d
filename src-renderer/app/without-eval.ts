import { z } from 'zod'

// The content security policy forbids `new Function`, which zod would try for its fast path. Imported before any schema.
z.config({ jitless: true })
