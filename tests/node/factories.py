"""Makes partners and records as the exchange would have left them in the database."""

from __future__ import annotations

import hashlib
import uuid

import factory
import orjson
from django.utils import timezone

from sild.exchange.enums import PartnerState, Tlp
from sild.exchange.models import Delivery, Partner, Record, Refusal
from sild.trust.identity import Identity, NodeKeys


class PartnerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Partner

    node = factory.Sequence(lambda number: f"node{number}")
    name = factory.LazyAttribute(lambda partner: partner.node.capitalize())
    url = factory.LazyAttribute(lambda partner: f"https://{partner.node}.example.org")
    identity = factory.LazyAttribute(lambda partner: NodeKeys.generate(partner.node, now=timezone.now()).document)
    fingerprint = factory.LazyAttribute(lambda partner: Identity.parse(partner.identity, on=None).fingerprint)
    state = PartnerState.PINNED
    last_contact = factory.LazyFunction(timezone.now)
    last_group = "X25519MLKEM768"


class RecordFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Record

    class Params:
        received_now = factory.Trait(received=factory.LazyFunction(timezone.now), issuer="kyiv")

    id = factory.LazyFunction(uuid.uuid4)
    hash = factory.LazyAttribute(lambda record: "sha256:" + hashlib.sha256(record.id.bytes).hexdigest())
    kind = "exchange.comment"
    version = 1
    issuer = "tallinn"
    subject = factory.Sequence(lambda number: f"Subject {number}")
    issued = factory.LazyFunction(timezone.now)
    tlp = Tlp.GREEN
    audience = "partners"
    raw = orjson.dumps({"header": {}, "body": {"text": "A word."}})
    leaf_index = factory.Sequence(int)


class DeliveryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Delivery

    partner = factory.SubFactory(PartnerFactory)
    record = factory.SubFactory(RecordFactory)
    position = factory.Sequence(lambda number: number + 1)
    chain = bytes(32)


class RefusalFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Refusal

    partner = factory.SubFactory(PartnerFactory)
    position = factory.Sequence(int)
    code = "proof"
    sentence = "The inclusion proof is for another leaf."
    data = b""
