import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createApp } from '../src/app.js';
import { asFailure } from '../src/failure.js';
import { decodeGlobalId } from '../src/graphql/global-id.js';
import { encodeCursor } from '../src/log/cursor.js';
import { createLogger } from '../src/logger.js';
import { readVersion } from '../src/version.js';
import { temporaryFolder } from './support/database.js';
import { post } from './support/http.js';
import { ownNode, startNode } from './support/node.js';
import { createUpload, get, put, uploaded } from './support/files.js';
import { groupChat, newPerson } from './support/people.js';
import { scrape, valueOf } from './support/scrape.js';

const node = ownNode({ metricsPort: 0, chatConnectionsPerUser: 10 });

describe('Metrics', () => {
  it('are off unless METRICS_PORT says otherwise, and never on the public port', async () => {
    const plain = await startNode();

    for (const { url } of [node, plain]) expect((await fetch(`${url}/metrics`)).status).toBe(404);
    expect(plain.metricsUrl).toBeUndefined();
    expect(node.metricsUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    expect(new URL(node.metricsUrl!).port).not.toBe(new URL(node.url).port);
    await plain.stop();
  });

  it('tell of sockets, subscriptions, sends, mutations, operations and delivery what happened', async () => {
    const begun = performance.now();
    const { ada, boris, chat } = await groupChat(node);
    const overSocket = await boris.follow(chat);
    const overEvents = await boris.follow(chat, { over: 'sse' });
    for (const following of [overSocket, overEvents]) await following.event('ChatReady');
    await ada.send(chat, 'one', 'a key');
    await ada.send(chat, 'one', 'a key');
    await ada.send(chat, '');
    await ada.send({ id: 'nowhere' }, 'two');
    await (await newPerson(node)).send(chat, 'two');
    for (const following of [overSocket, overEvents]) await following.event('MessageSent');

    const during = await scrape(node);
    const seconds = (performance.now() - begun) / 1000;
    await overSocket.socket!.close();
    await overEvents.stop();
    await expect.poll(async () => valueOf(await scrape(node), 'parley_sockets')).toBe(0);
    for (const transport of ['ws', 'sse'])
      await expect
        .poll(async () =>
          valueOf(await scrape(node), `parley_subscriptions{field="chatEvents",transport="${transport}"}`),
        )
        .toBe(0);
    for (const name of ['parley_places', 'parley_followed_chats'])
      await expect.poll(async () => valueOf(await scrape(node), name)).toBe(0);

    const is = (name: string) => valueOf(during, name);
    expect(is(`parley_build_info{version="${readVersion()}"}`)).toBe(1);
    expect(is('parley_sockets')).toBe(1);
    expect(is('parley_subscriptions{field="chatEvents",transport="ws"}')).toBe(1);
    expect(is('parley_subscriptions{field="chatEvents",transport="sse"}')).toBe(1);
    expect(is('parley_sends_total{outcome="sent"}')).toBe(1);
    expect(is('parley_sends_total{outcome="repeated"}')).toBe(1);
    expect(is('parley_sends_total{outcome="refused"}')).toBe(1);
    expect(is('parley_mutations_total{field="sendMessage",outcome="success"}')).toBe(2);
    expect(is('parley_mutations_total{field="sendMessage",outcome="TextEmptyError"}')).toBe(1);
    expect(is('parley_mutations_total{field="sendMessage",outcome="NotFoundError"}')).toBe(2);
    expect(is('parley_operation_duration_seconds_count{type="mutation",field="sendMessage"}')).toBe(5);
    expect(is('parley_operation_duration_seconds_bucket{type="mutation",field="sendMessage",le="+Inf"}')).toBe(5);
    expect(is('parley_operation_duration_seconds_count{type="subscription",field="chatEvents"}')).toBe(2);
    expect(is('parley_operation_duration_seconds_sum{type="mutation",field="sendMessage"}')).toBeGreaterThan(0);
    // Three at once.
    expect(is('parley_operation_duration_seconds_sum{type="mutation",field="register"}')).toBeLessThan(4 * seconds);
    // Once, however many follow.
    expect(is('parley_delivery_lag_seconds_count')).toBe(1);
    expect(is('parley_followed_chats')).toBe(1);
    expect(is('parley_places')).toBe(2);
    expect(is('parley_send_queue')).toBe(0);
    expect(is('parley_round_age_seconds')).toBeLessThan(20);
    expect(is('parley_faults_total')).toBe(0);
    expect(is('parley_log_lines_dropped_total')).toBe(0);
    expect(is('nodejs_heap_size_used_bytes')).toBeGreaterThan(1e6);
    expect(is('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
  });

  it('count uploads by outcome, and the bytes of files', async () => {
    const { ada } = await groupChat(node);
    const { url } = await uploaded(ada, Buffer.alloc(1000));
    await put(node, await createUpload(ada, { byteSize: 5 }), 'four');
    await (await get(node, url)).arrayBuffer();

    const text = await scrape(node);

    expect(valueOf(text, 'parley_uploads_total{outcome="stored"}')).toBe(1);
    expect(valueOf(text, 'parley_uploads_total{outcome="WRONG_SIZE"}')).toBe(1);
    expect(valueOf(text, 'parley_uploads_underway')).toBe(0);
    expect(valueOf(text, 'parley_file_bytes_stored_total')).toBe(1000);
    expect(valueOf(text, 'parley_file_bytes_sent_total')).toBe(1000);
  });

  it('count clients that were told to read a chat again, by reason', async () => {
    const { ada, boris, chat } = await groupChat(node);
    await ada.send(chat, 'one');
    const { key: chatId } = decodeGlobalId(chat.id)!;
    const ofAnotherLog = encodeCursor({ chatId: BigInt(chatId), seq: 1, mark: 12345 });

    const following = await boris.follow(chat, { after: ofAnotherLog });
    await following.event('ResyncRequired');

    expect(valueOf(await scrape(node), 'parley_resyncs_total{reason="restored"}')).toBe(1);
    expect(await scrape(node)).not.toContain('reason="tooFar"');
  });

  it('take no name from a client', async () => {
    const ask = (query: string, operationName?: string) =>
      post(node.endpoint, query, undefined, operationName === undefined ? {} : { operationName });

    await ask('query Made_up { viewer { id } made: viewer { id } }', 'Made_up');
    await ask('{ made_up }');
    await ask('mutation { made_up }');
    await ask('{ viewer { id } serverInfo { name } }');
    await ask('{ ...Made_up } fragment Made_up on Query { viewer { id } }');
    await ask('{ __typename }');

    const text = await scrape(node);
    expect(text).not.toMatch(/made_up/i);
    for (const field of ['viewer', 'several', 'other', 'introspection'])
      expect(valueOf(text, `parley_operation_duration_seconds_count{type="query",field="${field}"}`), field).toBe(1);
  });

  it('are each node’s own, of several in one process', async () => {
    const other = await startNode({ metricsPort: 0 });

    await newPerson(node);

    expect(await scrape(node)).toContain('parley_mutations_total{field="register",outcome="success"}');
    expect(await scrape(other)).not.toContain('field="register"');
    await other.stop();
  });

  it('answer at /metrics alone, and GET and HEAD alone', async () => {
    const asked = async (path: string, method = 'GET') =>
      (await fetch(new URL(path, node.metricsUrl), { method })).status;

    expect(await asked('/metrics')).toBe(200);
    expect(await asked('/metrics?x=1', 'HEAD')).toBe(200);
    expect(await asked('/metrics', 'POST')).toBe(405);
    expect(await asked('/graphql')).toBe(404);
  });

  it('on a port that is taken keep the node from starting, with code 71 and the setting’s name', async () => {
    const taken = createTcpServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    const config = { ...node.config, databaseUrl: undefined, dataDir: temporaryFolder(), metricsPort: port };
    const app = await createApp(config, createLogger({ level: 'silent', stream: { write: () => undefined } }));

    const failure = asFailure(await app.listen().catch((error: unknown) => error));

    expect(failure).toEqual({
      line: `Cannot listen: listen EADDRINUSE: address already in use 127.0.0.1:${port} (METRICS_PORT)`,
      exitCode: 71,
    });
    await app.stop();
  });
});
