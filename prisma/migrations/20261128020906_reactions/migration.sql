-- AlterEnum
ALTER TYPE "event_type" ADD VALUE 'REACTION_ADDED';
ALTER TYPE "event_type" ADD VALUE 'REACTION_REMOVED';

-- AlterTable
ALTER TABLE "event" ADD COLUMN     "emoji" TEXT;

-- AlterTable
ALTER TABLE "message" ADD COLUMN     "reactions" TEXT;

-- CreateTable
CREATE TABLE "reaction" (
    "chat_id" BIGINT NOT NULL,
    "message_seq" INTEGER NOT NULL,
    "user_id" BIGINT NOT NULL,
    "emoji" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,

    CONSTRAINT "reaction_pkey" PRIMARY KEY ("chat_id","message_seq","user_id","emoji")
);

-- CreateIndex
CREATE UNIQUE INDEX "reaction_chat_id_message_seq_emoji_seq_key" ON "reaction"("chat_id", "message_seq", "emoji", "seq");

-- AddForeignKey
ALTER TABLE "reaction" ADD CONSTRAINT "reaction_chat_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chat"("id") ON DELETE RESTRICT ON UPDATE NO ACTION;

-- AddForeignKey
ALTER TABLE "reaction" ADD CONSTRAINT "reaction_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
