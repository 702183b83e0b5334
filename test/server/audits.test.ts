import { serverAudits } from 'graphql-http';
import { describe, expect, it } from 'vitest';
import { ownNode } from '../support/node.js';

const node = ownNode();

describe("graphql-http's audits of GraphQL over HTTP", () => {
  const audits = serverAudits({ url: () => node.endpoint });

  it('are 61', () => {
    expect(audits).toHaveLength(61);
  });

  it.each(audits)('$id $name', async (audit) => {
    const outcome = await audit.fn();

    expect(outcome).toMatchObject({ status: 'ok' });
  });
});
