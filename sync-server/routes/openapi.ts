import { z } from 'zod'
import { errorBody } from '../../src-shared/contract/http.ts'
import { json } from './answer.ts'
import { defineRoute, noInput, type Route } from './route.ts'

type Described = Pick<Route<never>, 'method' | 'path' | 'summary' | 'auth' | 'output'> & { readonly input: z.ZodType }

/** Says what all the routes take and give, made from the same definitions that check it. */
export const openapiRoute = (routes: readonly Described[]) =>
  defineRoute({
    method: 'GET',
    path: '/v1/openapi.json',
    summary: 'This description',
    auth: 'none',
    input: noInput,
    output: null,
    handle: async () => json(describe(routes)),
  })

const describe = (routes: readonly Described[]) => ({
  openapi: '3.1.0',
  info: { title: 'Foyer sync server', version: '1' },
  components: {
    securitySchemes: { device: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    schemas: { Error: schemaOf(errorBody, 'output') },
  },
  paths: Object.fromEntries(routes.map((route) => [route.path, { [route.method.toLowerCase()]: operation(route) }])),
})

const operation = ({ method, summary, auth, input, output }: Described) => ({
  summary,
  ...(auth === 'device' && { security: [{ device: [] }] }),
  ...(method === 'POST'
    ? { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(input, 'input') } } } }
    : { parameters: parametersOf(input) }),
  responses: {
    200: {
      description: 'OK',
      ...(output && { content: { 'application/json': { schema: schemaOf(output, 'output') } } }),
    },
    default: {
      description: 'A refusal',
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
    },
  },
})

const parametersOf = (input: z.ZodType) => {
  const { properties = {}, required = [] } = schemaOf(input, 'input')
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }))
}

const schemaOf = (type: z.ZodType, io: 'input' | 'output') => z.toJSONSchema(type, { io, unrepresentable: 'any' })
