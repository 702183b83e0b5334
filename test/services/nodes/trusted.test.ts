/** People of another product on two nodes, each a process that was given its settings as an operator gives them. */
import { describe, expect, it } from 'vitest';
import { UsersDocument } from '../../support/generated/operations.js';
import { ownNodes } from '../../support/nodes.js';
import { administrator } from '../../support/people.js';
import { newExternalId, shop, shopToken } from '../../support/trusted.js';
import { ways, whoAmI } from '../../support/who-am-i.js';

const nodes = ownNodes({
  settings: {
    TRUSTED_KEY: shop.trustedKey,
    TRUSTED_ISSUER: shop.trustedIssuer,
    TRUSTED_AUDIENCE: shop.trustedAudience,
  },
});

describe('C3 a token of another product', () => {
  it('makes one account, however many times it is shown at once on both nodes', async () => {
    const externalId = newExternalId();
    const bearer = () => `Bearer ${shopToken(externalId, { email: 'at-once@shop.example' })}`;

    const answers = await Promise.all(
      [nodes.one, nodes.other].flatMap((node) => ways.map((way) => whoAmI(node, way, bearer()))),
    );

    const ids = new Set(answers.map(({ data }) => data?.viewer?.id));
    expect(ids.size).toBe(1);
    expect([...ids]).not.toContain(undefined);
    const root = await administrator(nodes.one);
    const { users } = await root.ask(UsersDocument, { search: externalId });
    expect(users?.nodes).toHaveLength(1);
  });
});
