/** The expected errors. Each is a type of the same name in the schema; its message is `reason`, safe to display. */
import type { Plan } from '../generated/prisma/enums.js';
import type { MessageRow } from '../log/event.js';

export abstract class DomainError extends Error {}

/** The object does not exist, or the viewer may not see it: the answer is the same. */
export class NotFoundError extends DomainError {
  constructor(
    what:
      | 'Chat'
      | 'User'
      | 'Message'
      | 'Notification'
      | 'Member'
      | 'Brand'
      | 'Relation'
      | 'API token'
      | 'Upload'
      | 'Report'
      | 'Invite',
  ) {
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

/** Administrators may write in a MATCH only if one of its brands has this plan. */
export class PlanRequiredError extends DomainError {
  readonly plan: Plan = 'BUSINESS';
  constructor() {
    super('Administrators write here only where one of the brands has the BUSINESS plan');
  }
}

/** In a MATCH a user may write only while following it. */
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

/** The same `clientMessageId` was used before for another message. */
export class IdempotencyConflictError extends DomainError {
  constructor(readonly sent: MessageRow) {
    super('This clientMessageId was used before for another message');
  }
}

export type InvalidFieldCode =
  /** Empty, or nothing in it is visible. */
  | 'BLANK'
  | 'TOO_SHORT'
  | 'TOO_LONG'
  /** For items; TOO_LONG is for characters. */
  | 'TOO_MANY'
  /** A number or a time. */
  | 'OUT_OF_RANGE'
  /** Not in the required form, or contains forbidden characters. */
  | 'MALFORMED'
  /** Well-formed, but not allowed here. */
  | 'NOT_ALLOWED'
  | 'TAKEN'
  | 'NOT_FOUND';

/** The problem with one value. */
export interface Problem {
  code: InvalidFieldCode;
  /** Completes a sentence that starts with the field's name: "is taken". */
  reason: string;
  /** The limit that the value broke. */
  limit?: number;
}

export interface InvalidField extends Problem {
  /** The field's path in the input: `['memberIds', '2']`. */
  path: string[];
}

export class InvalidInputError extends DomainError {
  constructor(readonly fields: InvalidField[]) {
    super(fields.map(sentenceOf).join(' '));
  }
}

/** @throws InvalidInputError that names each field with a problem */
export const refuseProblems = (problems: Readonly<Record<string, Problem | undefined>>): void => {
  const fields = Object.entries(problems).flatMap(([field, problem]) =>
    problem === undefined ? [] : [{ path: [field], ...problem }],
  );
  if (fields.length > 0) throw new InvalidInputError(fields);
};

const sentenceOf = ({ path, reason }: InvalidField): string => {
  const field = path.findLast((part) => !/^\d+$/.test(part)) ?? 'input';
  return `The ${NAMES[field] ?? spelledOut(field)} ${reason}.`;
};

/** Fields whose identifier does not spell out their name. */
const NAMES: Record<string, string> = {
  byteSize: 'size',
  clientMessageId: 'client message ID',
  email: 'e-mail address',
  expiresAt: 'expiry',
  filename: 'file name',
  isActive: 'account',
  maxUses: 'number of uses',
  orderRef: 'order reference',
  upToSeq: 'read position',
};

/** `firstName` → `first name`, `managerId` → `manager`, `memberIds` → `members`. */
const spelledOut = (field: string): string =>
  field.replace(/Id(s?)$/, '$1').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** Unknown user, wrong password or deactivated account: the answer is the same. */
export class InvalidCredentialsError extends DomainError {
  /** @param userId whose account it was, for the log alone; undefined if there is no account */
  constructor(readonly userId?: bigint) {
    super('Username or password is wrong');
  }
}

/** Expired, revoked, malformed or already used. */
export class InvalidTokenError extends DomainError {
  constructor() {
    super('This token is not valid: it expired, was revoked, was used before or is malformed');
  }
}
