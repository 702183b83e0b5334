/** The whole schema. Loading it needs neither a database nor an environment, so that it can be printed anywhere. */
import './account.js';
import './api-token.js';
import './brand.js';
import './chat-changes.js';
import './chat-settings.js';
import './chat-subscriptions.js';
import './chat-log.js';
import './viewer-subscription.js';
import './errors.js';
import './member-changes.js';
import './message-changes.js';
import './message-search.js';
import './messages-around.js';
import './node.js';
import './notification-events.js';
import './pin.js';
import './reaction.js';
import './read-position.js';
import './relation.js';
import './reply.js';
import './scalars.js';
import './server-info.js';
import './typing.js';
import './user-administration.js';
import './viewer.js';
import { builder } from './builder.js';

export const schema = builder.toSchema();
