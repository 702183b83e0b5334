"""Rooms of brands that were matched, and what each brand pays for.

Put this file into management/commands/ of an app, set USE_TZ = True, and then:

    python manage.py export_brand_matches > brand_matches.jsonl
    npx parley import brand_matches.jsonl --dry-run

The models that it reads are those below; change the names to those of yours.

    Brand(user, name, subscription): subscription.name is "Business" for the business tariff
    Room(participants): two brands
    Message(room, user, text, created_at)
    User.is_staff: an administrator
"""

import json

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from chat.models import Brand, Message, Room


class Command(BaseCommand):
    help = "Writes everything for `parley import`, one JSON object a line."

    def handle(self, *args, **options):
        self.write_users()
        self.write_brands()
        self.write_rooms()
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
                role="ADMIN" if user.is_staff else "USER",
                isActive=user.is_active,
                createdAt=user.date_joined.isoformat(),
                password=user.password,
            )

    def write_brands(self):
        for brand in Brand.objects.select_related("subscription").order_by("pk").iterator():
            is_business = brand.subscription is not None and brand.subscription.name == "Business"
            self.write(
                type="brand",
                id=brand.pk,
                name=brand.name,
                plan="BUSINESS" if is_business else "FREE",
                owner=brand.user_id,
            )

    def write_rooms(self):
        for room in Room.objects.order_by("pk").iterator():
            brands = list(room.participants.order_by("pk").values_list("pk", "user_id"))
            self.write(type="chat", id=room.pk, kind="MATCH", brands=[brand for brand, _ in brands])
            for _, owner in brands:
                # What was read is not kept there.
                self.write(type="member", chat=room.pk, user=owner, isAllRead=True)

    def write_messages(self):
        for message in Message.objects.order_by("created_at", "pk").iterator():
            self.write(
                type="message",
                id=message.pk,
                chat=message.room_id,
                sender=message.user_id,
                text=message.text,
                createdAt=message.created_at.isoformat(),
            )
