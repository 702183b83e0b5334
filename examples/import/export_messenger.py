"""Messenger: rooms by name, dialogs of two, chats about orders.

Put this file into management/commands/ of an app, set USE_TZ = True, and then:

    python manage.py export_messenger > messenger.jsonl
    npx parley import messenger.jsonl --dry-run

The models that it reads are those below; change the names to those of yours.

    ChatRoom(name, participants, order_number): order_number is None in a room that is about no order
    Message(room, user, message, timestamp)
    PersonalMessage(sender, receiver, message, timestamp)
"""

import json

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.utils.text import slugify

from chat.models import ChatRoom, Message, PersonalMessage


class Command(BaseCommand):
    help = "Writes everything for `parley import`, one JSON object a line."

    def handle(self, *args, **options):
        self.write_users()
        self.write_rooms()
        self.write_messages()
        self.write_dialogs()

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
                role="ADMIN" if user.is_superuser else "MANAGER" if user.is_staff else "USER",
                isActive=user.is_active,
                createdAt=user.date_joined.isoformat(),
                password=user.password,
            )

    def write_rooms(self):
        for room in ChatRoom.objects.order_by("pk").iterator():
            users = list(room.participants.order_by("pk").values_list("pk", flat=True))
            self.write(
                type="chat",
                id=room.pk,
                kind="ORDER" if room.order_number else "GROUP",
                name=room.name,
                orderRef=room.order_number,
                # The room was found by its name; it is found by this now.
                slug=None if room.order_number else slugify(room.name).replace("_", "-")[:64].strip("-") or f"room-{room.pk}",
                createdBy=users[0] if users else None,
            )
            for user in users:
                # What was read is not kept there.
                self.write(type="member", chat=room.pk, user=user, isAllRead=True)

    def write_messages(self):
        for message in Message.objects.order_by("timestamp", "pk").iterator():
            self.write(
                type="message",
                id=message.pk,
                chat=message.room_id,
                sender=message.user_id,
                text=message.message,
                createdAt=message.timestamp.isoformat(),
            )

    def write_dialogs(self):
        dialogs = set()
        for message in PersonalMessage.objects.order_by("timestamp", "pk").iterator():
            dialogs.add((min(message.sender_id, message.receiver_id), max(message.sender_id, message.receiver_id)))
            self.write(
                type="message",
                # Both kinds of message count from 1.
                id=f"personal-{message.pk}",
                sender=message.sender_id,
                receiver=message.receiver_id,
                text=message.message,
                createdAt=message.timestamp.isoformat(),
            )
        for one, other in sorted(dialogs):
            self.write(**{"type": "member", "user": one, "with": other, "isAllRead": True})
            self.write(**{"type": "member", "user": other, "with": one, "isAllRead": True})
