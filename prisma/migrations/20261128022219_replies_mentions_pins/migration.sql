-- AlterEnum
ALTER TYPE "event_type" ADD VALUE 'MESSAGE_PINNED';
ALTER TYPE "event_type" ADD VALUE 'MESSAGE_UNPINNED';

-- AlterTable
ALTER TABLE "chat" ADD COLUMN     "pinned_seqs" INTEGER[] DEFAULT ARRAY[]::INTEGER[];

-- AlterTable
ALTER TABLE "message" ADD COLUMN     "mention_ids" BIGINT[],
ADD COLUMN     "mentions_everyone" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "pinned_at" TIMESTAMPTZ(3),
ADD COLUMN     "reply_to_seq" INTEGER;

-- CreateTable
CREATE TABLE "reply" (
    "chat_id" BIGINT NOT NULL,
    "message_seq" INTEGER NOT NULL,
    "seq" INTEGER NOT NULL,

    CONSTRAINT "reply_pkey" PRIMARY KEY ("chat_id","message_seq","seq")
);

-- CreateTable
CREATE TABLE "mention" (
    "chat_id" BIGINT NOT NULL,
    "user_id" BIGINT NOT NULL,
    "message_seq" INTEGER NOT NULL,
    "sender_id" BIGINT NOT NULL,

    CONSTRAINT "mention_pkey" PRIMARY KEY ("chat_id","user_id","message_seq")
);

-- AddForeignKey
ALTER TABLE "reply" ADD CONSTRAINT "reply_chat_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chat"("id") ON DELETE RESTRICT ON UPDATE NO ACTION;

-- AddForeignKey
ALTER TABLE "mention" ADD CONSTRAINT "mention_chat_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chat"("id") ON DELETE RESTRICT ON UPDATE NO ACTION;
