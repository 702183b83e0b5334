/** The person included in a row: a message's sender, a member's user. */
import type { Role } from '../generated/prisma/enums.js';
import type { UserFacts } from '../log/event.js';

/** For statements that name the table `person`. */
export const PERSON_COLUMNS = `person.id AS "personId", person.username, person.first_name AS "firstName",
  person.last_name AS "lastName", person.role, person.created_at AS "personCreatedAt",
  person.avatar AS "personAvatar"`;

export interface PersonColumns {
  personId: bigint;
  username: string;
  firstName: string;
  lastName: string;
  role: Role;
  personCreatedAt: Date;
  personAvatar: string | null;
}

export const toUser = (row: PersonColumns): UserFacts => ({
  id: row.personId,
  username: row.username,
  firstName: row.firstName,
  lastName: row.lastName,
  role: row.role,
  createdAt: row.personCreatedAt,
  avatar: row.personAvatar,
});
