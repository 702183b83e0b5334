-- CreateEnum
CREATE TYPE "api_token_scope" AS ENUM ('CHAT', 'ADMIN');

-- AlterTable
ALTER TABLE "api_token" ADD COLUMN     "scopes" "api_token_scope"[] DEFAULT ARRAY['CHAT']::"api_token_scope"[];

-- AlterTable
ALTER TABLE "chat" ADD COLUMN     "metadata" TEXT;

-- AlterTable
ALTER TABLE "message" ADD COLUMN     "metadata" TEXT;

-- AlterTable
ALTER TABLE "user" ADD COLUMN     "claimed_at" TIMESTAMPTZ(3),
ADD COLUMN     "claimed_names" TEXT,
ADD COLUMN     "metadata" TEXT;
