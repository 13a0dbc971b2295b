"""The ASGI application that Daphne serves on the pages' port."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sild.node.settings")
application = get_asgi_application()
