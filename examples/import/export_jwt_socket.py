"""Chats over a socket with JWT: messages that were read, edited and deleted.

Put this file into management/commands/ of an app, set USE_TZ = True, and then:

    python manage.py export_jwt_socket > jwt_socket.jsonl
    npx parley import jwt_socket.jsonl --dry-run

The models that it reads are those below; change the names to those of yours.

    Chat(participants, created_at), with a name where it is a group
    Message(chat, sender, text, timestamp, is_edited, is_deleted, is_read)
"""

import json

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from chat.models import Chat, Message


class Command(BaseCommand):
    help = "Writes everything for `parley import`, one JSON object a line."

    def handle(self, *args, **options):
        self.write_users()
        self.write_chats()
        self.write_messages()

    def write(self, **line):
        self.stdout.write(json.dumps(line, ensure_ascii=False))

    def write_users(self):
        for user in get_user_model().objects.order_by("pk").iterator():
            self.write(
                type="user",
                id=user.pk,
                username=user.username,
                email=user.email or None,
                firstName=user.first_name,
                lastName=user.last_name,
                role="ADMIN" if user.is_superuser else "USER",
                isActive=user.is_active,
                createdAt=user.date_joined.isoformat(),
                password=user.password,
            )

    def write_chats(self):
        for chat in Chat.objects.order_by("pk").iterator():
            users = list(chat.participants.order_by("pk").values_list("pk", flat=True))
            is_dialog = len(users) == 2 and not chat.name
            self.write(
                type="chat",
                id=chat.pk,
                kind="DIRECT" if is_dialog else "GROUP",
                name=None if is_dialog else chat.name or f"Chat {chat.pk}",
                createdBy=users[0] if users else None,
                createdAt=chat.created_at.isoformat(),
            )
            for user in users:
                # The last of the others' messages that was read.
                read = chat.messages.filter(is_read=True).exclude(sender=user).order_by("-timestamp", "-pk").first()
                self.write(type="member", chat=chat.pk, user=user, lastReadMessage=read and read.pk)

    def write_messages(self):
        for message in Message.objects.order_by("timestamp", "pk").iterator():
            self.write(
                type="message",
                id=message.pk,
                chat=message.chat_id,
                sender=message.sender_id,
                text=message.text,
                createdAt=message.timestamp.isoformat(),
                isEdited=message.is_edited,
                isDeleted=message.is_deleted,
            )
