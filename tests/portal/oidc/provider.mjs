// A real OpenID provider for the tests: node provider.mjs PORT REDIRECT_URI. Whoever signs in is who he says; claims come from CLAIMS.
import { Provider } from "oidc-provider";

const [port, redirect] = process.argv.slice(2);
const claims = JSON.parse(process.env.CLAIMS);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: "yueke", client_secret: "a-secret-of-the-test", redirect_uris: [redirect], response_types: ["code"], grant_types: ["authorization_code"] }],
  claims: { openid: ["sub"], profile: ["name", "preferred_username", "groups", "department", "lecturer_code"], email: ["email", "email_verified"] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...claims[id] }) }),
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  cookies: { keys: ["only for tests"] },
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
