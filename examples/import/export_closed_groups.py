"""Closed groups: chats to which administrators let people in.

Put this file into management/commands/ of an app, set USE_TZ = True, and then:

    python manage.py export_closed_groups > closed_groups.jsonl
    npx parley import closed_groups.jsonl --dry-run

The models that it reads are those below; change the names to those of yours.

    Chat(name, participants, created_at)
    Message(chat, user, content, timestamp)
    User.is_superuser: an administrator
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
        administrator = get_user_model().objects.filter(is_superuser=True).order_by("pk").first()
        for chat in Chat.objects.order_by("pk").iterator():
            self.write(
                type="chat",
                id=chat.pk,
                kind="GROUP",
                name=chat.name,
                createdBy=administrator.pk,
                createdAt=chat.created_at.isoformat(),
            )
            for user in chat.participants.order_by("pk").values_list("pk", flat=True):
                # What was read is not kept there.
                self.write(type="member", chat=chat.pk, user=user, isAllRead=True)

    def write_messages(self):
        for message in Message.objects.order_by("timestamp", "pk").iterator():
            self.write(
                type="message",
                id=message.pk,
                chat=message.chat_id,
                sender=message.user_id,
                text=message.content,
                createdAt=message.timestamp.isoformat(),
            )
