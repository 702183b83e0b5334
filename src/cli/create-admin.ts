/** `parley create-admin` */
import { checkAccountInput } from '../domain/accounts/account-input.js';
import { createUsers, OPERATOR } from '../domain/accounts/users.js';
import { administer } from './administration.js';
import { audit } from './audit.js';
import { newPassword } from './new-password.js';

export interface CreateAdminOptions {
  username: string;
  email: string;
  password?: string;
}

export const createAdmin = ({ username, email, password: given }: CreateAdminOptions): Promise<void> =>
  administer(async (administration, db) => {
    // Before the prompt for a password.
    checkAccountInput({ username, email, password: given });
    const existing = await createUsers(db).byUsername(OPERATOR, username);
    const { password, isGenerated } = await newPassword({
      given,
      isAsked: existing === undefined,
      question: `Password of ${username}`,
    });

    const { outcome, user } = await administration.createAdministrator({ username, email, password });
    audit('create-admin', outcome, { userId: user.id });
    const kept = 'password and e-mail are unchanged';
    if (outcome === 'unchanged') return print(`${user.username} was already an administrator; ${kept}`);
    if (outcome === 'promoted') return print(`Promoted ${user.username} to administrator; ${kept}`);
    print(`Created the administrator ${user.username}`);
    if (isGenerated) print(`Password: ${password}`);
  });

const print = (line: string): void => void process.stdout.write(`${line}\n`);
