/** The outcomes that are not success. Each is a type of the same name in the schema; its message is `reason`, fit to show to a person. */
import type { Plan } from '../generated/prisma/enums.js';
import type { MessageRow } from '../log/event.js';

export abstract class DomainError extends Error {}

/** It does not exist, or the viewer may not see it: both answer alike. */
export class NotFoundError extends DomainError {
  constructor(what: 'Chat' | 'User' | 'Message' | 'Notification' | 'Member' | 'Brand' | 'Relation' | 'API token') {
    super(`${what} not found`);
  }
}

/** Visible, but not allowed. */
export class ForbiddenError extends DomainError {}

export class ChatClosedError extends DomainError {
  constructor(readonly closedAt: Date) {
    super('This chat is closed: it can be read, not written');
  }
}

/** Administrators write in a MATCH only where a brand has this plan. */
export class PlanRequiredError extends DomainError {
  readonly plan: Plan = 'BUSINESS';
  constructor() {
    super('Administrators write here only where one of the brands has the BUSINESS plan');
  }
}

/** In a MATCH one writes only while following it. */
export class NotJoinedError extends DomainError {
  constructor() {
    super('Join this chat first: follow its chatEvents');
  }
}

export class TextEmptyError extends DomainError {
  constructor() {
    super('Message text cannot be empty');
  }
}

export class TextTooLongError extends DomainError {
  constructor(
    readonly length: number,
    readonly maxLength: number,
  ) {
    super(`Message text is ${length} characters long; at most ${maxLength} are allowed`);
  }
}

export class RateLimitedError extends DomainError {
  constructor(readonly retryAfterMs: number) {
    super(`Too many of these in a short time; try again in ${Math.ceil(retryAfterMs / 1000)} s`);
  }
}

/** The same `clientMessageId` was used before for another text. */
export class IdempotencyConflictError extends DomainError {
  constructor(readonly sent: MessageRow) {
    super('This clientMessageId was used before for another text');
  }
}

export interface InvalidField {
  /** Where in the input: `['memberIds', '2']`. */
  path: string[];
  reason: string;
}

export class InvalidInputError extends DomainError {
  constructor(readonly fields: InvalidField[]) {
    super(fields.map((field) => `${field.path.join('.')}: ${field.reason}`).join('; '));
  }
}

/** No such user, wrong password or a deactivated account: all answer alike. */
export class InvalidCredentialsError extends DomainError {
  constructor() {
    super('Username or password is wrong');
  }
}

/** Expired, revoked, malformed or already used. */
export class InvalidTokenError extends DomainError {
  constructor() {
    super('This token is not valid: it expired, was revoked, was used before or is malformed');
  }
}
