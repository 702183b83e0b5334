-- AlterTable
ALTER TABLE "member" ADD COLUMN     "xid" xid8 NOT NULL DEFAULT pg_current_xact_id();

-- CreateIndex
CREATE INDEX "member_xid_idx" ON "member"("xid");
