// openid-client. Its argument is where the server's metadata comes from: none is by hand, oauth2 is RFC 8414, oidc is OpenID Connect
// Discovery; the last asks for an ID token and userinfo too.
import * as client from 'openid-client'
import { answer, check, failed, lever, note, pass, plan, second, visit } from './stage.mjs'

const how = process.argv[2]
const openid = how === 'oidc'
const server = { issuer: plan.issuer, authorization_endpoint: plan.authorize, token_endpoint: plan.token }
const proof = client.ClientSecretPost(plan.secret)
const config = how
  ? await client.discovery(new URL(plan.issuer), plan.id, undefined, proof, { algorithm: how, execute: [client.allowInsecureRequests] })
  : new client.Configuration(server, plan.id, undefined, proof)
client.allowInsecureRequests(config)
if (openid) client.enableNonRepudiationChecks(config) // the ID token's signature is checked, though it comes straight from the server

async function login(press) {
  const verifier = client.randomPKCECodeVerifier()
  const state = client.randomState()
  const nonce = openid ? client.randomNonce() : undefined
  const scope = openid ? 'openid' : plan.scope
  const back = await visit(client.buildAuthorizationUrl(config, {
    redirect_uri: plan.callback, state, code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
    ...(scope && { scope }), ...(nonce && { nonce }),
  }).href, press)
  return client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: openid })
}
note('denied: ' + await failed(() => login('deny'), e => `${e.name} ${e.error}`))
if (how) {
  const iss = value => lever('PATCH', '/policies', { level: { bank: plan.bank }, set: { iss: value } })
  await iss('wrong')
  note('iss of another: ' + await failed(login, e => `${e.cause.name} ${e.code}`))
  await iss('issuer')
}
let token = await login()
if (openid) {
  const info = await client.fetchUserInfo(config, token.access_token, token.claims().sub) // which refuses another sub
  check(info.sub === token.claims().sub, 'userinfo is about somebody else')
  note('signed ID token, userinfo of the same sub')
}

const ask = async () => {
  try {
    await answer(await client.fetchProtectedResource(config, token.access_token, new URL(plan.resource), 'GET'))
  } catch (error) {
    check(error instanceof client.WWWAuthenticateChallengeError, error.stack)
    note(`WWWAuthenticateChallengeError ${error.status} ${error.cause[0].parameters.error}`)
  }
}
await ask()
await pass(plan.before)
check(token.expiresIn() === 1, `one second is left, and the library sees ${token.expiresIn()}`)
await ask()
await pass(second)
check(token.expiresIn() === 0, 'over, and the library does not see it')
await ask()
token = await client.refreshTokenGrant(config, token.refresh_token)
note('refreshed')
await ask()

await pass(plan.rest)
note(await failed(() => client.refreshTokenGrant(config, token.refresh_token), e => `${e.name} ${e.error}`))
