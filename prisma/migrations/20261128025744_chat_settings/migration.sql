-- CreateEnum
CREATE TYPE "notify_about" AS ENUM ('EVERYTHING', 'MENTIONS', 'NOTHING');

-- AlterTable
ALTER TABLE "member" ADD COLUMN     "archived_count" INTEGER,
ADD COLUMN     "is_marked_unread" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "is_muted" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "is_pinned" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "muted_until" TIMESTAMPTZ(3),
ADD COLUMN     "notify_about" "notify_about" NOT NULL DEFAULT 'EVERYTHING';
