/**
 * The oracle: several people do anything at random, in all kinds of chat, and after each step every one of them must know by
 * events alone what a fresh query tells: which chats there are, in which order, what is unread, the last message, members, read
 * positions, every message, and what stands on the chat, rights included.
 */
import { isDeepStrictEqual } from 'node:util';
import { administrator, newPerson, staffMember, type Person } from '../support/people.js';
import type { TestNode } from '../support/node.js';
import { createClient, type Client } from './client.js';
import { mutate, type Step, type World } from './mutations.js';
import { createRandom } from '../support/random.js';

export interface OracleOptions {
  seed: number;
  mutations: number;
  /** People are at these in turn. */
  nodes: readonly TestNode[];
}

const PATIENCE_MS = 15_000;

/** @throws naming the seed, the step, and the first thing that differs */
export const runOracle = async ({ seed, mutations, nodes }: OracleOptions): Promise<void> => {
  const random = createRandom(seed);
  const [first] = nodes as [TestNode];
  const root = await administrator(first);
  const staff = [await staffMember(first, 'MANAGER'), await staffMember(first, 'ADMIN')];
  const users = [await newPerson(first, 'ada'), await newPerson(first, 'boris'), await newPerson(first, 'chen')];
  const people = [...staff, ...users].map((person, n) => person.at(nodes[n % nodes.length]!));
  const world: World = {
    random,
    root,
    people,
    chats: [],
    messages: [],
    relations: [],
    brands: [],
    invites: [],
    keys: [],
  };
  const clients = await Promise.all(people.map(createClient));
  const steps: string[] = [];

  try {
    for (let done = 0; done < mutations;) {
      // Now and then two at once.
      const count = random.chance(0.15) ? 2 : 1;
      const work = async () => {
        const taken = await Promise.all(Array.from({ length: count }, () => mutate(world)));
        done += count;
        for (const { what, answer } of taken) steps.push(`${what} → ${answer}`);
        return taken;
      };
      const taken = await (random.chance(0.05) ? reconnecting(random.pick(clients), work) : work());
      await followRoles(clients, taken);
      if (random.chance(0.1) && world.chats.length > 0) await random.pick(clients).open(random.pick(world.chats));
      else if (random.chance(0.05)) await random.pick(clients).close();
      await Promise.all(clients.map(compare));
    }
  } catch (error) {
    const last = steps.slice(-8).join('\n  ');
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Seed ${seed}, step ${steps.length}: ${reason}\nThe last steps:\n  ${last}`, { cause: error });
  } finally {
    for (const client of clients) await client.stop();
  }
};

const reconnecting = async (client: Client, work: () => Promise<Step[]>): Promise<Step[]> => {
  let taken: Step[] = [];
  await client.reconnect(async () => {
    taken = await work();
  });
  return taken;
};

const followRoles = async (clients: readonly Client[], steps: readonly Step[]) => {
  for (const { roleOf } of steps) {
    if (roleOf !== undefined) await clients.find(({ person }) => person.id === roleOf)!.askAgain();
  }
};

/** Until they agree: what is on its way arrives. */
const compare = async (client: Client): Promise<void> => {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const fresh = await client.fresh();
    await client.catchUp();
    const known = client.view();
    const difference = firstDifference(fresh, known) ?? singleDifference(client, fresh);
    if (difference === null) return;
    if (performance.now() > deadline) throw new Error(`${nameOf(client.person)} does not know of ${difference}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

const singleDifference = (client: Client, fresh: { chats: Record<string, unknown> }): string | null => {
  const single = client.single();
  const chat = single && fresh.chats[single.id];
  return chat ? firstDifference(chat, single.view, 'chatEvents') : null;
};

const nameOf = ({ username }: Person) => username;

const firstDifference = (wanted: unknown, known: unknown, path = ''): string | null => {
  if (isDeepStrictEqual(wanted, known)) return null;
  if (isObject(wanted) && isObject(known)) {
    for (const key of new Set([...Object.keys(wanted), ...Object.keys(known)])) {
      const difference = firstDifference(wanted[key], known[key], `${path}/${key}`);
      if (difference !== null) return difference;
    }
  }
  return `${path}: ${JSON.stringify(wanted)} is true, ${JSON.stringify(known)} is known`;
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
