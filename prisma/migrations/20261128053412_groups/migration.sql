-- CreateEnum
CREATE TYPE "chat_access" AS ENUM ('CLOSED', 'OPEN');

-- CreateEnum
CREATE TYPE "chat_role" AS ENUM ('OWNER', 'MODERATOR', 'MEMBER');

-- AlterEnum
ALTER TYPE "event_type" ADD VALUE 'MEMBER_UPDATED';

-- AlterTable
ALTER TABLE "chat" ADD COLUMN     "access" "chat_access" NOT NULL DEFAULT 'CLOSED',
ADD COLUMN     "description" TEXT,
ADD COLUMN     "name_key" TEXT;

-- AlterTable
ALTER TABLE "member" ADD COLUMN     "role" "chat_role" NOT NULL DEFAULT 'MEMBER';

-- CreateTable
CREATE TABLE "invite" (
    "id" BIGSERIAL NOT NULL,
    "chat_id" BIGINT NOT NULL,
    "code" TEXT NOT NULL,
    "created_by_id" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "max_uses" INTEGER,
    "uses" INTEGER NOT NULL DEFAULT 0,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "invite_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "invite_code_key" ON "invite"("code");

-- CreateIndex
CREATE INDEX "invite_chat_id_idx" ON "invite"("chat_id");

-- AddForeignKey
ALTER TABLE "invite" ADD CONSTRAINT "invite_chat_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chat"("id") ON DELETE RESTRICT ON UPDATE NO ACTION;

-- AddForeignKey
ALTER TABLE "invite" ADD CONSTRAINT "invite_created_by_id_fkey" FOREIGN KEY ("created_by_id") REFERENCES "user"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
