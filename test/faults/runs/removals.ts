/** Removals that race with sends of the one removed and of others, a third of them with Redis down. */
import type { Person } from '../client/person.js';
import type { Run } from '../run.js';
import { onStage } from '../stage.js';
import { changeMember, createTell, sendAs } from '../workload.js';
import type { World, WorldChat } from '../world.js';

const RACES = 10_000;
const AT_ONCE = 6;

export const removals: Run = {
  name: 'removals',
  describe: `${RACES.toLocaleString('en')} removals racing with sends, a third with Redis down`,
  run: ({ seed, scale, entry, onProgress }) =>
    onStage({ seed, entry, chats: AT_ONCE, people: 8 }, async ({ installation, world }) => {
      const due = Math.round(RACES * scale);
      let begun = 0;
      const raceOn = async (chat: WorldChat, until: number) => {
        while (begun < until) {
          begun += 1;
          onProgress(begun, due);
          await race(world, chat);
        }
      };
      const { redis } = installation;
      for (const [part, isDown] of [false, true, false].entries()) {
        if (isDown) await redis.kill();
        await Promise.all(world.chats.map((chat) => raceOn(chat, Math.round((due * (part + 1)) / 3))));
        if (isDown) await redis.start();
      }
      return { figures: { races: begun, operations: world.recorder.acknowledged() } };
    }),
};

const race = async (world: World, chat: WorldChat) => {
  const { random, people } = world;
  const personOf = (id: string) => people.find((person) => person.id === id)!;
  const removed = personOf(random.pick([...chat.presentMembers]));
  const other = personOf(random.pick([...chat.presentMembers].filter((id) => id !== removed.id)));
  const tell = createTell(world);
  const send = (person: Person) => sendAs(world, chat, person, tell, { tries: 1 });
  const works = [
    () => send(removed),
    () => changeMember(world, chat, removed, 'remove'),
    () => send(other),
    () => send(removed),
  ];
  // Begun in any order.
  while (works.length > 2 && random.chance(0.5)) works.push(works.shift()!);
  await Promise.all(works.map((work) => work()));
  await changeMember(world, chat, removed, 'add');
};
