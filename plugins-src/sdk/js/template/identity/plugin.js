// @ts-check
import { abstain, caller, defineIdentity, http, Problem, reject } from '@mcpg/sdk';

export const { lifecycle, identity } = defineIdentity(
  (/** @type {{header: string, url: string}} */ { header, url }) => ({
    identify(request) {
      const token = request.headers[header];
      if (!token) return abstain();

      const reply = http({ method: 'POST', url, json: { token } });
      if (reply.status !== 200) {
        throw new Problem('introspection-failed', `the introspection service answered ${reply.status}`);
      }
      const { active, sub, groups } = reply.json;
      if (!active) return reject('bad-token', 'the token is not active');
      return caller({ id: sub, kind: 'user', groups, how: { credential: header }, trust: 'verified' });
    },
  }),
);
