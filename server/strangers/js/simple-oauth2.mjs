// simple-oauth2: the authorization code flow with Basic (RFC 6749 §2.3.1), and the library's own idea of when a token is over.
import { AuthorizationCode } from 'simple-oauth2'
import { answer, check, failed, note, pass, plan, second, visit } from './stage.mjs'

const host = new URL(plan.issuer).origin
const client = new AuthorizationCode({
  client: { id: plan.id, secret: plan.secret },
  auth: { tokenHost: host, tokenPath: new URL(plan.token).pathname, authorizePath: new URL(plan.authorize).pathname },
  options: { authorizationMethod: process.argv[2] ?? 'header' },
})
const state = 'a b&c=d/%'
const back = await visit(client.authorizeURL({ redirect_uri: plan.callback, ...(plan.scope && { scope: plan.scope }), state }))
check(back.searchParams.get('state') === state, `state came back as ${back.searchParams.get('state')}`)
let token = await client.getToken({ code: back.searchParams.get('code'), redirect_uri: plan.callback })

const ask = async () => answer(await fetch(plan.resource, { headers: { Authorization: `${token.token.token_type} ${token.token.access_token}` } }))
await ask()
await pass(plan.before)
check(!token.expired(), 'over a second too early')
await ask()
await pass(second)
check(token.expired(), 'over, and the library does not see it')
await ask()
token = await token.refresh()
note('refreshed')
check(!token.expired(), 'refreshed, and over')
await ask()

await pass(plan.rest)
note(await failed(() => token.refresh(), e => `${e.isBoom ? 'Boom' : e.name} ${e.output?.statusCode} ${e.data?.payload?.error}`))
