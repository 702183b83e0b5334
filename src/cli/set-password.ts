/** `parley set-password` */
import { createUsers, OPERATOR } from '../domain/accounts/users.js';
import { administer } from './administration.js';
import { audit } from './audit.js';
import { CommandError } from './command-error.js';
import { newPassword } from './new-password.js';

export const setPassword = ({ username, generate }: { username: string; generate?: true }): Promise<void> =>
  administer(async (administration, db) => {
    const user = await createUsers(db).byUsername(OPERATOR, username);
    if (user === undefined) throw new CommandError(`There is no user ${JSON.stringify(username)}`);
    const { password, isGenerated } = await newPassword({
      isAsked: !generate,
      question: `New password of ${user.username}`,
    });

    const ended = await administration.setPassword(user.username, password);
    audit('set-password', 'success', { userId: user.id, endedSessions: ended });
    const sessions = ended === 1 ? '1 session' : `${ended} sessions`;
    process.stdout.write(`Set the password of ${user.username} and ended ${sessions}\n`);
    if (isGenerated) process.stdout.write(`Password: ${password}\n`);
  });
