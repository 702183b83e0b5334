/** Sockets that are cut at any moment, half of them to be resumed at the other node. */
import { setTimeout as delay } from 'node:timers/promises';
import type { FollowerRecord } from '../history.js';
import type { Run } from '../run.js';
import { follow } from '../client/follower.js';
import { onStage } from '../stage.js';
import { startWorkload } from '../workload.js';
import { anyOf } from '../world.js';

const CUTS = 10_000;
const MORE_FOLLOWERS = 30;

export const sockets: Run = {
  name: 'sockets',
  describe: `${CUTS.toLocaleString('en')} cut sockets, half of them resumed at the other node`,
  run: ({ seed, scale, entry, onProgress }) =>
    onStage({ seed, entry }, async ({ installation, world, random }) => {
      const { people, chats, followers } = world;
      for (let n = 0; n < MORE_FOLLOWERS; n += 1) {
        const chat = chats[n % chats.length]!;
        const member = random.pick(chat.members);
        const person = people.find(({ id }) => id === member)!;
        followers.push(follow({ name: `${person.name}, ${n}th`, person, chatId: chat.chatId, place: anyOf(world) }));
      }
      const workload = startWorkload(world, { workers: 4, pauseMs: 40 });
      const due = Math.round(CUTS * scale);
      for (let cuts = 0; cuts < due; cuts = lostSockets(followers)) {
        onProgress(cuts, due);
        const standing = followers.filter(({ isStanding }) => isStanding);
        // Now and then all those of a node at once, by the network.
        if (random.chance(0.002)) random.pick(installation.nodes).clients.cut();
        else if (standing.length > 0) random.pick(standing).drop();
        await delay(random.int(12));
      }
      await workload.stop();
      return {
        figures: { cuts: lostSockets(followers), operations: world.recorder.acknowledged(), ...resumes(followers) },
      };
    }),
};

type Records = readonly { record: FollowerRecord }[];

const lostSockets = (followers: Records): number =>
  followers.reduce((sum, { record }) => sum + record.items.filter(({ kind }) => kind === 'lost').length, 0);

const resumes = (followers: Records) => {
  let here = 0;
  let elsewhere = 0;
  for (const { record } of followers) {
    const nodes = record.items.flatMap((item) => ('node' in item ? [item.node] : []));
    for (let n = 1; n < nodes.length; n += 1) {
      if (nodes[n] === nodes[n - 1]) here += 1;
      else elsewhere += 1;
    }
  }
  return { 'resumed at the same node': here, 'at the other': elsewhere };
};
