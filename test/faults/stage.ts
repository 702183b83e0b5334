/** Sets a world up on an installation, has something done to it, and judges. */
import { createRandom, type Random } from '../support/random.js';
import { audit } from './audit.js';
import { checkHistory } from './check/check.js';
import type { Place } from './client/place.js';
import { install, installEmbedded, type Installation, type InstallationOptions, type Nodes } from './installation.js';
import type { Verdict } from './run.js';
import { createWorld, everyoneStands, stopFollowing, type World, type WorldOptions } from './world.js';

export interface Stage<On extends Nodes = Installation> {
  installation: On;
  world: World;
  random: Random;
  /** What goes against a promise beside the record. */
  complain(what: string): void;
}

export interface StageOptions extends InstallationOptions, Omit<WorldOptions, 'random' | 'places'> {
  seed: number;
  /** Clients go to these alone, as they are at the time; where there are none, anywhere. */
  onlyAt?: ReadonlySet<Place>;
}

/** What `act` comes back with once everything that was begun has come out. */
export interface Acted {
  /** Now, unless said. */
  lastFaultAt?: number;
  figures: Verdict['figures'];
}

export const onStage = (options: StageOptions, act: (stage: Stage) => Promise<Acted>): Promise<Verdict> =>
  playOn(() => install(options), options, act);

/** As `onStage`, on one node with the embedded database. */
export const onEmbedded = (options: StageOptions, act: (stage: Stage<Nodes>) => Promise<Acted>): Promise<Verdict> =>
  playOn(() => installEmbedded(options), options, act);

const playOn = async <On extends Nodes>(
  setUp: () => Promise<On>,
  options: StageOptions,
  act: (stage: Stage<On>) => Promise<Acted>,
): Promise<Verdict> => {
  const random = createRandom(options.seed);
  const complaints: string[] = [];
  const installation = await setUp();
  try {
    const world = await createWorld({ ...options, random, places: () => placesOf(installation, options.onlyAt) });
    await everyoneStands(world);
    const complain = (what: string) => void complaints.push(what);
    const { lastFaultAt = performance.now(), figures } = await act({ installation, world, random, complain });
    const history = await audit(world, lastFaultAt);
    stopFollowing(world);
    return {
      anomalies: checkHistory(history),
      complaints: [...complaints, ...installation.nodes.flatMap(({ node }) => node.complaints)],
      figures,
    };
  } finally {
    await installation.stop();
  }
};

const placesOf = (installation: Nodes, onlyAt: ReadonlySet<Place> = new Set()): Place[] =>
  onlyAt.size > 0 ? [...onlyAt] : installation.places();
