/** Deliberate faults, each of which a run must catch and name; the same run without it must be green. */
import { setTimeout as delay } from 'node:timers/promises';
import type { AnomalyKind } from '../check/anomalies.js';
import { follow } from '../client/follower.js';
import type { Person } from '../client/person.js';
import type { InstallationOptions } from '../installation.js';
import { placeAt } from '../client/place.js';
import { onStage, type Acted, type Stage } from '../stage.js';
import type { Verdict } from '../run.js';
import { changeMember, createTell, editMessage, sendAs, startWorkload } from '../workload.js';
import { inviteAndCome, pin, react, unpin, unreact } from '../talk.js';
import { anyOf, createChat, everyoneStands, type SentMessage, type World, type WorldChat } from '../world.js';

export interface Sabotage {
  name: string;
  /** The anomaly, or what a complaint begins with. */
  caughtAs: AnomalyKind | 'memory';
  /** Changes the modules of src/ that `patches.mjs` names for it. Otherwise it is all in `installation`. */
  isPatch: boolean;
  /** With the sabotage, beside the patch. */
  installation?: InstallationOptions;
  /** With it and without. */
  always?: InstallationOptions & { chats?: number; people?: number };
  act(stage: Stage): Promise<Acted>;
}

/** An edit takes its numbers more than a second before it is committed, while others overtake it. */
const LONG_EDITS = `
  CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN IF NEW.type = 'MESSAGE_EDITED' THEN PERFORM pg_sleep(1.2); END IF; RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER dawdle AFTER INSERT ON event
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle();`;

export const sabotages: readonly Sabotage[] = [
  {
    name: 'synchronous_commit=off under a database kill',
    caughtAs: 'lost',
    isPatch: false,
    installation: {
      postgres: { synchronous_commit: 'off', wal_writer_delay: '10s' },
      settings: { ALLOW_UNSAFE_DATABASE: 'on' },
    },
    act: async ({ installation, world }) => {
      const workload = startWorkload(world);
      for (let kills = 0; kills < 3; kills += 1) {
        await delay(1500);
        await installation.postgres.kill();
        await installation.postgres.start();
      }
      await workload.stop();
      return acted(world);
    },
  },
  {
    name: 'a global serial as cursor',
    caughtAs: 'lost',
    isPatch: true,
    installation: { sql: 'ALTER TABLE event ADD COLUMN serial bigserial' },
    always: { sql: LONG_EDITS },
    act: async (stage) => {
      const { world, installation } = stage;
      const chats = await manyChats(stage, 32);
      await installation.redis.kill();
      await atOnce(10, chats, async (chat) => void (await sendAs(world, chat, world.people[0]!, createTell(world))));
      const others = startWorkload({ ...world, chats: world.chats.slice(0, 4) }, { workers: 4 });
      // Each the last of its chat: no other will tell that it is missing.
      await atOnce(8, chats, (chat) => editMessage(world, chat, chat.messages[0]!));
      await others.stop();
      await installation.redis.start();
      return acted(world);
    },
  },
  {
    name: 'delivery by Redis alone',
    caughtAs: 'lost',
    isPatch: true,
    act: async ({ installation, world }) => {
      const workload = startWorkload(world, { pauseMs: 20 });
      await delay(1500);
      await installation.redis.kill();
      await delay(1500);
      await workload.stop();
      await installation.redis.start();
      return acted(world);
    },
  },
  {
    name: 'no key check on repeat',
    caughtAs: 'duplicate',
    isPatch: true,
    installation: { sql: 'DROP INDEX message_chat_id_sender_id_client_message_id_key' },
    act: async ({ installation, world }) => {
      const workload = startWorkload(world, { pauseMs: 20 });
      for (let cuts = 0; cuts < 10; cuts += 1) {
        await delay(300);
        for (const { clients } of installation.nodes) clients.cut();
      }
      await workload.stop();
      return acted(world);
    },
  },
  {
    name: 'membership asked once per subscription',
    caughtAs: 'unauthorised',
    isPatch: true,
    act: async (stage) => {
      const { world } = stage;
      const chats = await manyChats(stage, 8);
      await atOnce(4, chats, async (chat) => {
        const [sender, removed] = world.people as readonly [Person, Person];
        await changeMember(world, chat, removed, 'remove');
        for (let sent = 0; sent < 5; sent += 1) await sendAs(world, chat, sender, createTell(world));
      });
      return acted(world);
    },
  },
  {
    name: 'reading the log before following',
    caughtAs: 'lost',
    isPatch: true,
    act: async (stage) => {
      const { world } = stage;
      const chats = await manyChats(stage, 40, { isFollowed: false });
      // While somebody begins to follow it, one message in each chat, and no other that would tell that it is missing.
      await atOnce(4, chats, async (chat) => {
        const [sender, person] = world.people as readonly [Person, Person];
        world.followers.push(follow({ name: 'beginning', person, chatId: chat.chatId, place: anyOf(world) }));
        await delay(world.random.int(300));
        await sendAs(world, chat, sender, createTell(world));
      });
      await everyoneStands(world);
      return acted(world);
    },
  },
  {
    name: 'an unbounded queue',
    caughtAs: 'memory',
    isPatch: true,
    always: { settings: { MESSAGE_MAX_LENGTH: '20000' }, chats: 1, people: 3 },
    act: async ({ installation, world, complain }) => {
      const [chat] = world.chats as readonly WorldChat[] as readonly [WorldChat];
      const { node } = installation.nodes[0]!;
      // Without the proxy, which would keep a lot of it.
      const place = placeAt(node.name, node.port);
      const stalled = Array.from({ length: 10 }, () =>
        follow({ name: 'stalled', person: world.root, chatId: chat.chatId, place: () => place }),
      );
      world.followers.push(...stalled);
      await everyoneStands(world);
      for (const one of stalled) one.pause();
      const before = await node.holdings();
      const tell = createTell(world);
      await Promise.all(
        world.people.map(async (person) => {
          for (let n = 0; n < LONG_MESSAGES / world.people.length; n += 1) {
            const text = `${crypto.randomUUID()} ${'x'.repeat(19_900)}`;
            await sendAs(world, chat, person, tell, { text });
          }
        }),
      );
      const after = await node.holdings();
      const grown = Math.round((after.heapUsed + after.external - before.heapUsed - before.external) / 2 ** 20);
      if (grown > MAX_MEMORY_MB) complain(`memory grew by ${grown} MB`);
      for (const one of stalled) one.resume();
      return { ...acted(world), figures: { 'memory grew by MB': grown } };
    },
  },
  {
    name: 'bytes shared although the viewer was read',
    caughtAs: 'unauthorised',
    isPatch: true,
    // As in any run: some of those who follow everything select what is their own.
    act: async ({ world }) => {
      const workload = startWorkload(world);
      await delay(3000);
      await workload.stop();
      return acted(world);
    },
  },
  {
    name: 'removing one reaction removes all by the same user',
    caughtAs: 'lostReaction',
    isPatch: true,
    act: ({ world }) => reactInEach(world),
  },
  {
    name: 'a reaction added again is counted again',
    caughtAs: 'doubledReaction',
    isPatch: true,
    act: ({ world }) => reactInEach(world),
  },
  {
    name: 'an invite used by members too',
    caughtAs: 'doubledInvite',
    isPatch: true,
    act: async ({ world }) => {
      for (const chat of world.chats) {
        for (let times = 0; times < 3; times += 1) await inviteAndCome(world, chat);
      }
      return acted(world);
    },
  },
  {
    name: 'somebody mentioned by name and as everyone has two mentions',
    caughtAs: 'mentionCount',
    isPatch: true,
    act: async ({ world }) => {
      for (const chat of world.chats) {
        const [owner, other] = chat.members.map((id) => world.people.find((person) => person.id === id)!);
        const mentions = { userIds: [other!.id], isEveryone: true };
        await sendAs(world, chat, owner!, createTell(world), { extras: { mentions } });
      }
      return acted(world);
    },
  },
  {
    name: 'unpinning takes the oldest pin',
    caughtAs: 'pins',
    isPatch: true,
    act: async ({ world }) => {
      for (const chat of world.chats) {
        for (const { id } of await sendSome(world, chat)) await pin(world, chat, world.root, id);
        await unpin(world, chat, world.root);
      }
      return acted(world);
    },
  },
  {
    name: 'nobody follows the last owner',
    caughtAs: 'ownerless',
    isPatch: true,
    act: async ({ world }) => {
      for (const chat of world.chats) {
        const owner = world.people.find(({ id }) => id === chat.members[0])!;
        await changeMember(world, chat, owner, 'remove');
      }
      return acted(world);
    },
  },
];

const SOME_MESSAGES = 5;

const sendSome = async (world: World, chat: WorldChat): Promise<readonly SentMessage[]> => {
  const sender = world.people.find(({ id }) => id === chat.members[0])!;
  for (let sent = 0; sent < SOME_MESSAGES; sent += 1) await sendAs(world, chat, sender, createTell(world));
  return chat.messages;
};

/** Somebody with several reactions to one message, some of them given twice; and then some taken back. */
const reactInEach = async (world: World): Promise<Acted> => {
  for (const chat of world.chats) {
    const person = world.people.find(({ id }) => id === chat.members[1])!;
    for (const { id } of (await sendSome(world, chat)).slice(0, 2))
      for (let times = 0; times < 4; times += 1) await react(world, chat, person, id);
    for (let times = 0; times < 4; times += 1) await unreact(world, chat);
  }
  return acted(world);
};

/** Some 60 MB of text, of which ten readers' queues may hold 2 MiB each of what is the same for all. */
const LONG_MESSAGES = 3000;
const MAX_MEMORY_MB = 10;

export const runSabotage = (
  { name, isPatch, installation = {}, always = {}, act }: Sabotage,
  { seed, isOn }: { seed: number; isOn: boolean },
): Promise<Verdict> => {
  const settings = {
    ...always.settings,
    ...(isOn && installation.settings),
    ...(isOn && isPatch && { SABOTAGE: name }),
  };
  const postgres = { ...always.postgres, ...(isOn && installation.postgres) };
  const sql = [always.sql, isOn ? installation.sql : undefined].join(';');
  return onStage({ seed, entry: ENTRY, ...always, settings, postgres, sql }, act);
};

const ENTRY = 'test/faults/watched.mjs';

export const isCaught = ({ caughtAs }: Sabotage, { anomalies, complaints }: Verdict): boolean =>
  anomalies.some(({ kind }) => kind === caughtAs) || complaints.some((complaint) => complaint.startsWith(caughtAs));

const acted = ({ recorder }: Stage['world']): Acted => ({ figures: { operations: recorder.acknowledged() } });

/** Groups of the first three people, each followed by one of them. */
const manyChats = async ({ world }: Stage, count: number, { isFollowed = true } = {}): Promise<WorldChat[]> => {
  const { root, people, followers } = world;
  const members = people.slice(0, 3).map(({ id }) => id);
  const numbers = Array.from({ length: count }, (_none, n) => n);
  const chats: WorldChat[] = [];
  await atOnce(
    10,
    numbers,
    async (n) => void chats.push(await createChat(anyOf(world), root, `One of many ${n}`, members)),
  );
  world.chats.push(...chats);
  if (isFollowed) {
    for (const { chatId, beginning } of chats) {
      const after = new Map([[chatId, beginning]]);
      followers.push(follow({ name: 'one of many', person: people[1]!, chatId, place: anyOf(world), after }));
    }
  }
  await everyoneStands(world);
  return chats;
};

const atOnce = async <Item>(count: number, items: readonly Item[], work: (item: Item) => Promise<void>) => {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: count }, worker));
};
