"""What the operator can set: the node's home folder, its `node.toml` and the environment, environment first."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sild.language import LANGUAGES
from sild.language import gettext as _

CONFIG_FILE = "node.toml"
SECRET_FILE = "secret.key"  # noqa: S105 -- the name of a file
MAX_PORT = 65535


class ConfigError(Exception):
    """A setting that cannot be used; the message says which, where and what to do."""

    code = "config"


@dataclass(frozen=True)
class Config:
    """The node's settings; every field can be set by the environment variable named beside it.

    Attributes:
        home: SILD_HOME, the folder that holds keys, database and settings.
        node: SILD_NODE, the node's id, as in `tallinn`.
        title: SILD_TITLE, the name that people see.
        database_url: DATABASE_URL; empty for SQLite in the home folder, else `postgresql://…`.
        blobs: SILD_BLOBS, where files are kept: empty for the home folder, a folder, or `s3://bucket/prefix?endpoint=…`.
        cluster: SILD_CLUSTER, where the samples of a run are spread: empty for one process, `local` for this machine's
            processors, else a Ray cluster's address.
        pages: SILD_PAGES, host:port of the pages.
        exchange: SILD_EXCHANGE, host:port where partners connect.
        exchange_url: SILD_EXCHANGE_URL, the address that partners are given.
        allowed_hosts: SILD_ALLOWED_HOSTS, host names that the pages answer to, separated by commas.
        pages_https: SILD_PAGES_HTTPS, true when a proxy in front of the pages speaks HTTPS.
        log_format: SILD_LOG_FORMAT, `json` or `text`; by default text on a terminal.
        pull_seconds: SILD_PULL_SECONDS, pause before a partner that failed, or does not wait, is asked again.
        language: SILD_LANGUAGE, the language for whoever has not chosen one, and of the command line.
        run: SILD_RUN, a folder in memory, which forgets at a reboot.
        webhook_networks: SILD_WEBHOOK_NETWORKS, networks beside the public ones to which webhooks may go.
        analyst_endpoint: SILD_ANALYST_ENDPOINT, an OpenAI-compatible endpoint that analysts may ask; empty for none.
        analyst_model, analyst_key: SILD_ANALYST_MODEL, SILD_ANALYST_KEY, the model's name there and the bearer token.
        analyst_encoder: SILD_ANALYST_ENCODER, true to let a sentence encoder judge too; needs the extra `ai`.
        grader_endpoint: SILD_GRADER_ENDPOINT, an OpenAI-compatible endpoint that grades replies; empty for none.
        grader_key: SILD_GRADER_KEY, its bearer token.
        oidc: SILD_OIDC_ISSUER, SILD_OIDC_CLIENT_ID, SILD_OIDC_CLIENT_SECRET of the identity provider.
    """

    home: Path
    node: str = "node"
    title: str = ""
    database_url: str = ""
    blobs: str = ""
    cluster: str = ""
    pages: str = "127.0.0.1:8000"
    exchange: str = "127.0.0.1:8443"
    exchange_url: str = ""
    allowed_hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    pages_https: bool = False
    log_format: str = ""
    pull_seconds: float = 5.0
    language: str = "en"
    run: Path = Path("/dev/shm")  # noqa: S108 -- files there are made for the owner alone and checked for it
    webhook_networks: tuple[str, ...] = ()
    analyst_endpoint: str = ""
    analyst_model: str = "default"
    analyst_key: str = field(default="", repr=False)
    analyst_encoder: bool = False
    grader_endpoint: str = ""
    grader_key: str = field(default="", repr=False)
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)

    @property
    def is_initialised(self) -> bool:
        """True once `sild init` has made the home folder."""
        return (self.home / CONFIG_FILE).is_file()

    @property
    def keys(self) -> Path:
        """Folder of the node's private keys."""
        return self.home / "keys"

    def address(self, which: str) -> tuple[str, int]:
        """Split `pages` or `exchange` into host and port.

        Raises:
            ConfigError: the setting is not `host:port`.
        """
        value: str = getattr(self, which)
        host, colon, port = value.rpartition(":")
        if not (colon and host and port.isdigit() and int(port) <= MAX_PORT):
            told = _("%(variable)s is “%(value)s”, not host:port. Write it as 127.0.0.1:8000.")
            raise ConfigError(told % {"variable": f"SILD_{which.upper()}", "value": value})
        return host, int(port)

    @property
    def partner_url(self) -> str:
        """Where partners reach this node."""
        return self.exchange_url or f"https://{self.exchange}"


def load(environ: dict[str, str] | None = None) -> Config:
    """Read the settings: defaults, then `node.toml` in the home folder, then the environment.

    Raises:
        ConfigError: a value has the wrong form, or `node.toml` has a name that is not a setting.
    """
    environ = dict(os.environ) if environ is None else environ
    home = Path(environ.get("SILD_HOME", "~/.sild")).expanduser()
    values: dict[str, Any] = _read_file(home / CONFIG_FILE)
    for name in Config.__dataclass_fields__:
        variable = "DATABASE_URL" if name == "database_url" else f"SILD_{name.upper()}"
        if name != "home" and variable in environ:
            values[name] = environ[variable]
    secret = home / SECRET_FILE
    if "secret_key" not in values and secret.is_file():
        values["secret_key"] = secret.read_text().strip()
    return Config(home=home, **{name: _convert(name, value) for name, value in values.items()})


def database(config: Config) -> dict[str, Any]:
    """Django's DATABASES["default"] for this node.

    SQLite runs in WAL with synchronous=FULL: a checkpoint that a partner has seen must survive a power cut.

    Raises:
        ConfigError: DATABASE_URL names a database that is not supported.
    """
    if not config.database_url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": config.home / "node.sqlite3",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000;",
            },
        }
    url = urlsplit(config.database_url)
    if url.scheme not in {"postgres", "postgresql"}:
        told = _(
            "DATABASE_URL starts with “%(scheme)s:”. Use postgresql://user:password@host/name, or none for SQLite."
        )
        raise ConfigError(told % {"scheme": url.scheme})
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": unquote(url.hostname or ""),
        "PORT": str(url.port or ""),
        "CONN_HEALTH_CHECKS": True,
    }


def identity_providers(config: Config) -> list[dict[str, Any]]:
    """The agency's OpenID Connect provider in the form that django-allauth asks for; none when there is no issuer."""
    if not config.oidc_issuer:
        return []
    return [
        {
            "provider_id": "oidc",
            "name": "OpenID Connect",
            "client_id": config.oidc_client_id,
            "secret": config.oidc_client_secret,
            "settings": {"server_url": config.oidc_issuer},
        }
    ]


def _read_file(path: Path) -> dict[str, Any]:
    """Parse `node.toml`, refusing names that are not settings."""
    if not path.is_file():
        return {}
    try:
        values = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        told = _("%(file)s is not valid TOML: %(why)s. Mend that line.")
        raise ConfigError(told % {"file": path, "why": error}) from error
    unknown = sorted(set(values) - set(Config.__dataclass_fields__) - {"home"})
    if unknown:
        told = _("%(file)s sets %(names)s, which is no setting of Sild. Remove it.")
        raise ConfigError(told % {"file": path, "names": ", ".join(unknown)})
    return values


def _convert(name: str, value: Any) -> Any:
    """Turn a text from the environment into the field's type."""
    if name in {"allowed_hosts", "webhook_networks"} and isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if name in {"allowed_hosts", "webhook_networks"}:
        return tuple(value)
    if name in {"pages_https", "analyst_encoder"}:
        return value is True or str(value).lower() in {"1", "true", "yes"}
    if name == "pull_seconds":
        try:
            return float(value)
        except ValueError as error:
            told = _("SILD_PULL_SECONDS is “%(value)s”, not a number of seconds.")
            raise ConfigError(told % {"value": value}) from error
    if name == "run":
        return Path(value)
    if name == "language" and value not in LANGUAGES:
        told = _("SILD_LANGUAGE is “%(value)s”. Choose one of %(known)s.")
        raise ConfigError(told % {"value": value, "known": ", ".join(LANGUAGES)})
    return value
