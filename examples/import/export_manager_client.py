"""Support chat of managers and clients: who looks after whom, and what they wrote to each other.

Put this file into management/commands/ of an app, set USE_TZ = True, and then:

    python manage.py export_manager_client > manager_client.jsonl
    npx parley import manager_client.jsonl --dry-run

The models that it reads are those below; change the names to those of yours.

    ChatRelation(manager, client)
    ChatMessage(sender, receiver, content, timestamp)
    User.is_staff: a manager
"""

import json

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from chat.models import ChatMessage, ChatRelation


class Command(BaseCommand):
    help = "Writes everything for `parley import`, one JSON object a line."

    def handle(self, *args, **options):
        self.write_users()
        self.write_messages(self.write_relations())

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

    def write_relations(self):
        """By the pair, not by the relation's id: a relation that got another client is another chat."""
        present = set(ChatRelation.objects.values_list("manager_id", "client_id"))
        staff = set(get_user_model().objects.filter(is_staff=True).values_list("pk", flat=True))
        pairs = set(present)
        for sender, receiver in ChatMessage.objects.order_by().values_list("sender_id", "receiver_id").distinct():
            if (sender, receiver) not in pairs and (receiver, sender) not in pairs:
                # Their relation is gone. The chat comes in closed.
                pairs.add((sender, receiver) if sender in staff else (receiver, sender))
        for manager, client in sorted(pairs):
            relation = f"{manager}-{client}"
            self.write(
                type="relation",
                id=relation,
                manager=manager,
                client=client,
                isDeleted=(manager, client) not in present,
            )
            # What was read is not kept there.
            for user in (manager, client):
                self.write(type="member", relation=relation, user=user, isAllRead=True)
        return pairs

    def write_messages(self, pairs):
        for message in ChatMessage.objects.order_by("timestamp", "pk").iterator():
            pair = (message.sender_id, message.receiver_id)
            if pair not in pairs:
                pair = (message.receiver_id, message.sender_id)
            self.write(
                type="message",
                id=message.pk,
                relation=f"{pair[0]}-{pair[1]}",
                sender=message.sender_id,
                text=message.content,
                createdAt=message.timestamp.isoformat(),
            )
