/**
 * The context of one event of a subscription, which notes whether anything was used that may differ between subscribers. If nothing
 * was, the event's result is the same for all who ask for it with the same document.
 */
import type { Context, Request } from './context.js';
import { Loaders } from './loaders.js';

export class EventContext implements Context {
  /** Whether the result may be this subscriber's only. */
  isPersonal = false;
  readonly services: Context['services'];
  readonly prisma: Context['prisma'];
  readonly #operation: Context;
  #loaders: Loaders | undefined;

  /** @param operation the subscription's own context */
  constructor(operation: Context) {
    this.services = operation.services;
    this.prisma = operation.prisma;
    this.#operation = operation;
  }

  /** Asked for a viewer only by what depends on one. */
  get loaders(): Loaders {
    return (this.#loaders ??= new Loaders(this.services, () => this.viewer));
  }

  get viewer(): Request['viewer'] {
    return this.present();
  }

  present(): Request['viewer'] {
    return this.#personal.present();
  }

  get signedIn(): Context['signedIn'] {
    return this.#personal.signedIn;
  }

  get requestId(): string {
    return this.#personal.requestId;
  }

  get transport(): Request['transport'] {
    return this.#personal.transport;
  }

  get address(): string | null {
    return this.#personal.address;
  }

  get carrierId(): string {
    return this.#personal.carrierId;
  }

  get ending(): Request['ending'] {
    return this.#personal.ending;
  }

  get socket(): Request['socket'] {
    return this.#personal.socket;
  }

  get eventIds(): Request['eventIds'] {
    return this.#personal.eventIds;
  }

  get logger(): Request['logger'] {
    return this.#personal.logger;
  }

  get #personal(): Context {
    this.isPersonal = true;
    return this.#operation;
  }
}
