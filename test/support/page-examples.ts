/**
 * Runs the examples of a page of documents, section by section, each on a node of its own. What a block is, its info
 * string says:
 *
 *     ```graphql ada              asked by ada, over HTTP; `socket`: over her socket; `live`: opened on it and left open;
 *                                 `live anew`: on another socket; `sse`: left open over Server-Sent Events; `times=11`
 *     ```json variables           its variables
 *     ```json answer              the whole answer
 *     ```json event ada           what comes next, of that type or kind, in what ada opened last (`older`: before that)
 *     ```http                     a request, whose answer comes next
 *     ```text wire                messages of a socket: sent (→), received (←), closed by the server (✕)
 *     ```json claims              of a token of the product's own: `<product token>` from then on
 *     ```sh                       a command, whose output comes next, before there is a node
 *     ```text output
 *     ```… old                    of another system: shown only
 *
 * `<some name>` stands for what an answer has there, and for the same from then on. `"…"` in an answer stands for
 * anything but null.
 */
import { isDeepStrictEqual } from 'node:util';
import jwt from 'jsonwebtoken';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import { SetUserRoleDocument, RegisterDocument, type Role } from './generated/operations.js';
import { post } from './http.js';
import type { Answer, Live } from './live.js';
import { databaseWithAdmin, startNode, type TestNode } from './node.js';
import { parley, settingsFor } from './parley.js';
import { administrator, passwordOf, personOf, type Person } from './people.js';
import { openSocket, type Socket } from './socket.js';
import { openEvents } from './sse.js';
import { shop } from './trusted.js';
import { until } from './until.js';

export interface Block {
  /** The language first. */
  info: readonly string[];
  text: string;
}

export interface Section {
  title: string;
  /** Whom `<!-- people: … -->` names. */
  people: { name: string; role: Role }[];
  blocks: Block[];
}

export const blocksOf = (text: string): Block[] =>
  [...text.matchAll(/^```(.+)\n([\s\S]*?)^```$/gm)].map(([, info, code]) => ({ info: info!.split(' '), text: code! }));

export const sectionsOf = (page: string): Section[] =>
  page.split(/^## /m).map((text) => ({
    title: text.split('\n')[0]!,
    people: [...(/<!-{2} people: (.*) -{2}>/.exec(text)?.[1] ?? '').matchAll(/(\w+)(?:=(\w+))?/g)].map(
      ([, name, role = 'USER']) => ({ name: name!, role: role as Role }),
    ),
    blocks: blocksOf(text),
  }));

/** As it is shipped, where that can be seen in an example. */
const SETTINGS = { ...shop, messagesPerMinute: 10, chatConnectionsPerUser: 1 };

const PLACEHOLDER = /<([^<>]+)>/g;
const ANYTHING = '…';

/** Fails where an example does not do as it says. */
export const runSection = async ({ people, blocks }: Section): Promise<void> => {
  const { config, drop } = await databaseWithAdmin();
  const persons = new Map<string, Person>();
  const sockets = new Map<string, Socket>();
  const opened = new Map<string, Live<unknown>[]>();
  const names = new Map<string, unknown>([['1001 characters', 'x'.repeat(1001)]]);
  const stops: (() => unknown)[] = [];
  let node: TestNode | undefined;

  const start = async (): Promise<TestNode> => {
    const root = await startNode({ ...config, ...SETTINGS });
    persons.set('admin', await administrator(root));
    for (const { name, role } of people) {
      const input = { username: name, password: passwordOf(name), email: `${name}@example.org` };
      const { data } = await post(root.endpoint, RegisterDocument, { input });
      if (data?.register?.__typename !== 'RegisterSuccess') throw new Error(JSON.stringify(data));
      const person = personOf(root, data.register.session);
      persons.set(name, person);
      if (role !== 'USER') await persons.get('admin')!.ask(SetUserRoleDocument, { userId: person.id, role });
    }
    for (const [name, { id, session }] of persons) {
      names.set(`id of ${name}`, id).set(`access token of ${name}`, session.accessToken);
      names.set(`refresh token of ${name}`, session.refreshToken);
    }
    return root;
  };

  const fill = (text: string): string =>
    text.replaceAll(PLACEHOLDER, (_all, name: string) => {
      if (!names.has(name)) throw new Error(`No answer before had a <${name}>`);
      return String(names.get(name));
    });

  /** @returns where it is otherwise than expected */
  const differences = (expected: unknown, actual: unknown, path: string): string[] => {
    const differs = [`${path}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`];
    if (expected === ANYTHING) return actual === null || actual === undefined ? differs : [];
    const name = typeof expected === 'string' ? /^<([^<>]+)>$/.exec(expected)?.[1] : undefined;
    if (name !== undefined) {
      if (actual === null || actual === undefined) return differs;
      if (!names.has(name)) names.set(name, actual);
      return names.get(name) === actual ? [] : differs;
    }
    if (typeof expected === 'string' && typeof actual === 'string' && expected.includes(ANYTHING)) {
      const [before, after] = expected.split(ANYTHING) as [string, string];
      return actual.startsWith(before) && actual.endsWith(after) ? [] : differs;
    }
    if (typeof expected !== 'object' || expected === null || typeof actual !== 'object' || actual === null)
      return isDeepStrictEqual(expected, actual) ? [] : differs;
    if (Array.isArray(expected) !== Array.isArray(actual)) return differs;
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    return [...keys].flatMap((key) => {
      const [wanted, found] = [expected, actual].map((one) => (one as Record<string, unknown>)[key]);
      // Of an error what matters is shown.
      if (!(key in expected) && path.includes('.errors.')) return [];
      return differences(wanted, found, `${path}.${key}`);
    });
  };

  const compare = (block: Block, actual: unknown) =>
    expect(differences(JSON.parse(block.text), actual, ''), `${block.text} but ${JSON.stringify(actual)}`).toEqual([]);

  const socketOf = async (name: string, isAnew: boolean): Promise<Socket> => {
    const known = sockets.get(name);
    if (known && !isAnew) return known;
    const socket = await openSocket(node!.socketUrl, { token: persons.get(name)!.session.accessToken });
    stops.push(() => socket.close());
    sockets.set(name, socket);
    return socket;
  };

  const subscribed = () => node!.log.filter(({ msg }) => msg === 'Subscribed').length;

  const operation = async ({ info, text }: Block, variables: object): Promise<Answer<unknown> | undefined> => {
    const [, name, how, more] = info as [string, string, string?, string?];
    const person = persons.get(name);
    if (!person) throw new Error(`Nobody is called ${name}`);
    if (how === 'live' || how === 'sse') {
      const before = subscribed();
      const token = person.session.accessToken;
      const live: Live<unknown> =
        how === 'sse'
          ? await openEvents(node!.endpoint, text, variables, { token })
          : (await socketOf(name, more === 'anew')).open(text, variables);
      if (how === 'sse') stops.push(() => live.stop());
      opened.set(name, [...(opened.get(name) ?? []), live]);
      await until(() => subscribed() > before, `${name} has subscribed`);
      return undefined;
    }
    if (how === 'socket') return (await socketOf(name, false)).ask(text, variables);
    const times = Number(/^times=(\d+)$/.exec(how ?? 'times=1')![1]);
    let answer: Answer<unknown> | undefined;
    for (let time = 0; time < times; time++) answer = await person.tell('http', text, variables);
    const { data, errors } = answer!;
    return { ...(data !== undefined && { data }), ...(errors && { errors }) };
  };

  const event = async (block: Block): Promise<void> => {
    const [, , name, older] = block.info;
    const live = opened.get(name!)!.at(older === undefined ? -1 : -2)!;
    const kindOf = (answer: unknown) =>
      Object.values((answer as Answer<object>).data ?? {}).map(
        // One that tells that there is nothing new may come before.
        (one: { __typename?: string; kind?: string; unreadCount?: number }) =>
          one.__typename ?? `${one.kind} ${one.unreadCount === 0}`,
      )[0];
    const kind = kindOf(JSON.parse(block.text));
    for (;;) {
      const answer = await live.next();
      if (kindOf(answer) === kind) return compare(block, answer);
    }
  };

  const request = async ({ text }: Block): Promise<unknown> => {
    const [head, body] = fill(text).split('\n\n') as [string, string];
    const [line, ...headers] = head.split('\n') as [string, ...string[]];
    const [method, path] = line.split(' ') as [string, string];
    const response = await fetch(node!.url + path, {
      method,
      headers: headers.map((header) => header.split(': ') as [string, string]),
      body,
    });
    return response.json();
  };

  const wire = async (block: Block): Promise<void> => {
    const socket = new WebSocket(node!.socketUrl, 'graphql-transport-ws');
    const heard: string[] = [];
    let next = 0;
    stops.push(() => socket.terminate());
    socket.on('message', (data: Buffer) => heard.push(data.toString()));
    socket.on('close', (code, reason) => heard.push(`✕ ${code} ${reason.toString()}`));
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    for (const line of block.text.trim().split('\n')) {
      const message = line.slice(2);
      if (line.startsWith('→')) {
        socket.send(fill(message));
        continue;
      }
      await until(() => heard.length > next, `${line} after ${heard.join(' ')}`);
      const came = heard[next++]!;
      if (line.startsWith('✕')) expect(differences(line, came, ''), came).toEqual([]);
      else compare({ info: ['json'], text: message }, JSON.parse(came));
    }
  };

  const run = async (command: string): Promise<string> => {
    const args = command
      .trim()
      .replace(/^npx parley /, '')
      .split(' ');
    const { code, out, err } = await parley(
      args.map((arg) => (arg.startsWith('examples/') ? `${process.cwd()}/${arg}` : arg)),
      { env: settingsFor(config) },
    );
    expect({ code, err }, command).toEqual({ code: 0, err: '' });
    return out;
  };

  try {
    // The answer to the last request.
    let answer: unknown;
    for (const [index, block] of blocks.entries()) {
      const [language, what] = block.info;
      if (block.info.includes('old')) continue;
      if (language === 'sh') {
        answer = await run(block.text);
        continue;
      }
      if (what === 'output') {
        expect(answer).toBe(block.text);
        continue;
      }
      node ??= await start();
      if (what === 'answer') compare(block, answer);
      else if (what === 'event') await event(block);
      else if (what === 'wire') await wire(block);
      else if (what === 'claims') names.set('product token', productToken(fill(block.text)));
      else if (language === 'http') answer = await request(block);
      else if (language === 'graphql') {
        const next = blocks[index + 1];
        const variables = next?.info[1] === 'variables' ? (JSON.parse(fill(next.text)) as object) : {};
        answer = await operation({ ...block, text: fill(block.text) }, variables);
      } else if (what !== 'variables') throw new Error(`Nobody runs ${block.info.join(' ')}`);
    }
  } finally {
    for (const stop of stops) await stop();
    await node?.stop();
    await drop();
  }
};

const productToken = (claims: string): string =>
  jwt.sign({ exp: Math.floor(Date.now() / 1000) + 600, ...(JSON.parse(claims) as object) }, shop.trustedKey);
