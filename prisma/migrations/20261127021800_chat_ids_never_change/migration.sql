-- parley: each statement by itself
-- A chat's id never changes, and engines that distribute rows by it take no constraint that says otherwise.

ALTER TABLE "member"
  DROP CONSTRAINT IF EXISTS "member_chat_id_fkey",
  ADD CONSTRAINT "member_chat_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chat" ("id") ON DELETE RESTRICT ON UPDATE NO ACTION NOT VALID;

ALTER TABLE "event"
  DROP CONSTRAINT IF EXISTS "event_chat_id_fkey",
  ADD CONSTRAINT "event_chat_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chat" ("id") ON DELETE RESTRICT ON UPDATE NO ACTION NOT VALID;

ALTER TABLE "message"
  DROP CONSTRAINT IF EXISTS "message_chat_id_fkey",
  ADD CONSTRAINT "message_chat_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chat" ("id") ON DELETE RESTRICT ON UPDATE NO ACTION NOT VALID;

ALTER TABLE "chat_key"
  DROP CONSTRAINT IF EXISTS "chat_key_chat_id_fkey",
  ADD CONSTRAINT "chat_key_chat_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chat" ("id") ON DELETE RESTRICT ON UPDATE NO ACTION NOT VALID;

ALTER TABLE "chat_brand"
  DROP CONSTRAINT IF EXISTS "chat_brand_chat_id_fkey",
  ADD CONSTRAINT "chat_brand_chat_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chat" ("id") ON DELETE RESTRICT ON UPDATE NO ACTION NOT VALID;

ALTER TABLE "relation"
  DROP CONSTRAINT IF EXISTS "relation_chat_id_fkey",
  ADD CONSTRAINT "relation_chat_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chat" ("id") ON DELETE RESTRICT ON UPDATE NO ACTION NOT VALID;

ALTER TABLE "notification"
  DROP CONSTRAINT IF EXISTS "notification_chat_id_fkey",
  ADD CONSTRAINT "notification_chat_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chat" ("id") ON DELETE SET NULL ON UPDATE NO ACTION NOT VALID;

-- Apart, for these take their time and keep nobody from reading and writing.
ALTER TABLE "member" VALIDATE CONSTRAINT "member_chat_id_fkey";
ALTER TABLE "event" VALIDATE CONSTRAINT "event_chat_id_fkey";
ALTER TABLE "message" VALIDATE CONSTRAINT "message_chat_id_fkey";
ALTER TABLE "chat_key" VALIDATE CONSTRAINT "chat_key_chat_id_fkey";
ALTER TABLE "chat_brand" VALIDATE CONSTRAINT "chat_brand_chat_id_fkey";
ALTER TABLE "relation" VALIDATE CONSTRAINT "relation_chat_id_fkey";
ALTER TABLE "notification" VALIDATE CONSTRAINT "notification_chat_id_fkey";
