import { defineRoute, noInput } from './route.ts'
import type { Services } from './services.ts'

export const metricsRoute = ({ metrics }: Services) =>
  defineRoute({
    method: 'GET',
    path: '/metrics',
    summary: "Numbers in Prometheus' text format",
    auth: 'none',
    input: noInput,
    output: null,
    handle: async () => ({
      status: 200,
      headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' },
      body: await metrics.text(),
    }),
  })
