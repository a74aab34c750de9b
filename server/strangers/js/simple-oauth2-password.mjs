// simple-oauth2: client credentials and the password grant, with the client's secret in the body.
import { ClientCredentials, ResourceOwnerPassword } from 'simple-oauth2'
import { answer, check, failed, note, pass, plan, second } from './stage.mjs'

const config = {
  client: { id: plan.id, secret: plan.secret },
  auth: { tokenHost: new URL(plan.issuer).origin, tokenPath: new URL(plan.token).pathname },
  options: { authorizationMethod: 'body' },
}
const boom = e => `${e.isBoom ? 'Boom' : e.name} ${e.output?.statusCode} ${e.data?.payload?.error}`
const bearer = token => ({ Authorization: `Bearer ${token.token.access_token}` })
const post = (path, token, body) => fetch(plan.issuer + path, { method: 'POST', body: JSON.stringify(body), headers: { ...bearer(token), 'Content-Type': 'application/json' } })

const app = new ClientCredentials(config)
await answer(await post('/api/v1/users', await app.getToken({}), { id: 'stranger', password: 'stranger' }))
const user = new ResourceOwnerPassword(config)
note('wrong password: ' + await failed(() => user.getToken({ username: 'stranger', password: 'wrong' }), boom))
let token = await user.getToken({ username: 'stranger', password: 'stranger' })
await answer(await post('/api/v1/bankConnections/import', token, { bankId: 280001 }))

const ask = async () => answer(await fetch(plan.resource, { headers: bearer(token) }))
await ask()
await pass(plan.before)
await ask()
await pass(second)
check(token.expired(), 'over, and the library does not see it')
await ask()
token = await token.refresh()
note('refreshed')
await ask()

const revoke = new URLSearchParams({ token: token.token.refresh_token })
const revoked = await fetch(plan.issuer + '/oauth/revoke', { method: 'POST', body: revoke, headers: bearer(await app.getToken({})) })
check(revoked.ok, `revocation: ${revoked.status}`)
note('revoked')
note(await failed(() => token.refresh(), boom))
