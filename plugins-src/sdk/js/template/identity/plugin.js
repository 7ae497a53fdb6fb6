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
      const { active, sub, groups = [] } = reply.json ?? {};
      if (active === false) return reject('bad-token', 'the token is not active');
      // What is not exactly as it should be names nobody: `"false"` would count as true here.
      const named = Array.isArray(groups) && [sub, ...groups].every((each) => each && typeof each === 'string');
      if (active !== true || !named) {
        throw new Problem('introspection-failed', 'the introspection service does not say whose token it is');
      }
      return caller({ id: sub, kind: 'user', groups, how: { credential: header }, trust: 'verified' });
    },
  }),
);
