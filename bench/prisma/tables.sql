-- As `prisma migrate diff --from-empty --to-schema schema.prisma --script` writes it.
CREATE TABLE "User" ("id" SERIAL NOT NULL, "username" TEXT NOT NULL, CONSTRAINT "User_pkey" PRIMARY KEY ("id"));
CREATE TABLE "Chat" ("id" SERIAL NOT NULL, "headSeq" INTEGER NOT NULL DEFAULT 0, CONSTRAINT "Chat_pkey" PRIMARY KEY ("id"));
CREATE TABLE "Member" ("chatId" INTEGER NOT NULL, "userId" INTEGER NOT NULL, CONSTRAINT "Member_pkey" PRIMARY KEY ("chatId","userId"));
CREATE TABLE "Message" ("id" SERIAL NOT NULL, "chatId" INTEGER NOT NULL, "seq" INTEGER NOT NULL, "senderId" INTEGER NOT NULL,
  "text" TEXT NOT NULL, "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, CONSTRAINT "Message_pkey" PRIMARY KEY ("id"));
CREATE UNIQUE INDEX "User_username_key" ON "User"("username");
CREATE INDEX "Member_userId_idx" ON "Member"("userId");
CREATE UNIQUE INDEX "Message_chatId_seq_key" ON "Message"("chatId", "seq");
ALTER TABLE "Member" ADD CONSTRAINT "Member_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "Chat"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "Member" ADD CONSTRAINT "Member_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "Message" ADD CONSTRAINT "Message_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "Chat"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "Message" ADD CONSTRAINT "Message_senderId_fkey" FOREIGN KEY ("senderId") REFERENCES "User"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
