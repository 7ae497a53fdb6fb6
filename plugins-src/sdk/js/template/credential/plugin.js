// @ts-check
import { defineCredential, deny, http, issued, Problem, secret } from '@mcpg/sdk';

/** @typedef {{token_url: string, client: string}} Config */

export const { lifecycle, credential } = defineCredential((/** @type {Config} */ { token_url: url, client }) => ({
  issueFor(caller, target) {
    const headers = { authorization: secret(client, 'Bearer ') };
    const reply = http({ method: 'POST', url, headers, json: { target } });
    if (reply.status === 403) return deny('no-credential', `the issuer refuses \`${target}\``);
    if (reply.status !== 200) throw new Problem('issuer-failed', `the issuer answered ${reply.status}`);
    const { access_token: value, expires_at: expires } = reply.json ?? {};
    if (typeof value !== 'string') throw new Problem('issuer-failed', 'the issuer answered without a token');
    return issued({ value, scheme: 'Bearer', header: 'authorization', expires });
  },
}));
