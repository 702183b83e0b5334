import { describe, expect, it, onTestFinished } from 'vitest';
import { post } from '../support/http.js';
import { startNode, type TestNode } from '../support/node.js';
import { transports, type Transport } from '../support/people.js';
import { openSocket } from '../support/socket.js';
import { openEvents } from '../support/sse.js';

const started = async (trustProxy: number) => {
  const node = await startNode({ trustProxy });
  onTestFinished(() => node.stop());
  return node;
};

const headers = { 'X-Forwarded-For': '203.0.113.9' };

const come = async (node: TestNode, transport: Transport, by: Record<string, string>) => {
  if (transport === 'http') await post(node.endpoint, '{ __typename }', undefined, { headers: by });
  else if (transport === 'sse')
    await (await openEvents(node.endpoint, '{ __typename }', undefined, { headers: by })).next();
  else await (await openSocket(node.socketUrl, { headers: by })).close();
};

const notices = ({ log }: TestNode) =>
  log.filter(({ level, msg }) => level === 'warn' && msg.includes('X-Forwarded-For'));

describe.each(transports)('a request over %s', (transport) => {
  it('with X-Forwarded-For, where TRUST_PROXY is 0, is noticed once', async () => {
    const node = await started(0);
    await come(node, transport, {});
    expect(notices(node)).toEqual([]);

    for (let time = 0; time < 3; time++) await come(node, transport, headers);
    for (const other of transports) await come(node, other, headers);

    expect(notices(node)).toMatchObject([
      { setting: 'TRUST_PROXY', msg: expect.stringContaining('one address') as string },
    ]);
  });
});

it('X-Forwarded-For is no news where TRUST_PROXY counts the proxies', async () => {
  const node = await started(1);

  for (const transport of transports) await come(node, transport, headers);

  expect(notices(node)).toEqual([]);
});
