"""Nodes and bundles between them, for the tests of this folder."""

import zipfile

from sild.exchange import bundles, services
from sild.exchange.models import Record
from sild.people.actor import Actor

DATA = b"a file that travels in the bundle " * 100


OPERATOR = Actor.operator()


def publish(node, number=1, *, tlp="GREEN", audience="partners", files=()):
    draft = services.Draft(
        kind="exchange.comment",
        subject="x",
        body={"text": f"words of {node.name}"},
        tlp=tlp,
        audience=audience,
        attachments=files,
    )
    with node.acting():
        return services.publish_batch(OPERATOR, [draft] * number)


def export(node, path, since=None, to="kyiv", **options):
    with node.acting():
        bundles.export(OPERATOR, to, path, since=since, **options)
    return path


def take(node, path):
    with node.acting():
        return bundles.take(OPERATOR, path)


def received(node):
    with node.acting():
        return Record.objects.exclude(received=None).count()


def rewritten(path, change):
    """The same archive with its parts changed by name."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path
