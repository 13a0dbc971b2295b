"""A solution: a folder with `solution.yaml`, which says what it is, what it is for and how it is started."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from sild.sandbox.engine import forms
from sild.sandbox.engine.containers import images
from sild.sandbox.engine.egress import PROXY
from sild.sandbox.engine.errors import Flaw, FormError
from sild.sandbox.engine.forms import Form, Name, Text, Version
from sild.sandbox.engine.interpreter import PYTHONS, interpreter, package
from sild.sandbox.engine.isolation import INSIDE, PACKAGES, SCRATCH, SOLUTION, Bind, Job
from sild.sandbox.engine.limits import Limits
from sild.sandbox.engine.probe import inside_bind
from sild.sandbox.engine.weights import KINDS, kind_of, versions
from sild.trust import folder as folders

FILE = "solution.yaml"
SOCKET = f"{SCRATCH}/chat.sock"
MODEL_FILE = r"[A-Za-z0-9_-][A-Za-z0-9._/-]{0,199}"
PLACE = r"^([a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\]):[1-9][0-9]{0,4}$"  # as in api.example.org:443


class RiskClass(StrEnum):
    """Risk class under the EU AI Act (Regulation (EU) 2024/1689), as its owner states it."""

    MINIMAL = "minimal"
    LIMITED = "limited"
    HIGH = "high"
    PROHIBITED = "prohibited"


def _permitted(value: str) -> str:
    """Refuse what Article 5 of the Act forbids."""
    if value == RiskClass.PROHIBITED:
        raise ValueError("practices that Article 5 of the EU AI Act prohibits are not tested here")
    return value


def _is_model_file(name: str) -> bool:
    """Whether it names a model file in the folder."""
    return kind_of(name) is not None and re.fullmatch(MODEL_FILE, name) is not None and ".." not in name


def _image(value: str) -> str:
    """Refuse an image whose name can mean another image tomorrow."""
    if value and not (images.is_archive(value) or images.is_reference(value)):
        raise ValueError(
            "an image is an OCI archive in the folder that ends in .tar, or a name with a digest, as in "
            "registry.example.org/name@sha256:…; a tag is not the same image tomorrow"
        )
    return value


class Start(Form):
    """How a solution is started and talked to.

    Attributes:
        model: a model file in the folder, run by a program of ours instead of a command: `.onnx` or `.gguf`; with
            the protocol `endpoint`, the name of the model that is asked for.
        command: program and arguments; `python3` is this node's interpreter, other programs stand in the folder
            (`./tool`) or in the system.
        protocol: `jsonl` on standard input and output; `chat`, served on the Unix socket named by SILD_SOCKET; or
            `endpoint`: nothing is started, `model` is asked at `url`.
        image: a container image, spoken to by `jsonl`: an OCI archive in the folder, or a name with the digest of its
            manifest, which this node's Podman has. A command then stands in the image; without one its own is run.
        port: of 127.0.0.1, on which it serves `chat` instead of on the socket.
        url: of an OpenAI-compatible API, up to `/v1`.
        served_as: how the endpoint names its model in its answers, if otherwise than `model`.
        key: the variable of the node's environment that holds the bearer token; only such names are ever read.
    """

    command: Annotated[list[Annotated[str, Field(min_length=1, max_length=1000)]], Field(max_length=64)] = []
    model: Annotated[str, Field(pattern=r"^[^\x00-\x1f]{1,200}$")] | None = None
    image: Annotated[str, Field(max_length=400), AfterValidator(_image)] = ""
    protocol: Literal["jsonl", "chat", "endpoint"] = "jsonl"
    port: Annotated[int, Field(ge=1024, le=65535)] | None = None
    url: Annotated[str, Field(pattern=r"^(https?://[^\s\x00-\x1f]{1,480})?$")] = ""
    served_as: Annotated[str, Field(max_length=200)] = ""
    key: Annotated[str, Field(pattern=r"^(SILD_KEY_[A-Z0-9_]{1,50})?$")] = ""

    @property
    def file(self) -> str | None:
        """The model file that a program of ours runs, if that is how it starts."""
        return None if self.protocol == "endpoint" else self.model

    @model_validator(mode="after")
    def _port_of_chat(self) -> Self:
        """Only the chat API is served."""
        if self.port and self.protocol != "chat":
            raise ValueError("a port belongs to the protocol chat")
        return self

    @model_validator(mode="after")
    def _one_start(self) -> Self:
        """It is a command, a model file, or an endpoint with its model."""
        if self.protocol == "endpoint":
            if self.command or self.image or not self.url or not self.model:
                raise ValueError("the protocol endpoint asks for url and model, and has no command and no image")
            return self
        if self.image and (self.model or self.protocol != "jsonl"):
            raise ValueError("an image is spoken to by jsonl, and runs no model file")
        if self.url or self.served_as or self.key:
            raise ValueError("url, served_as and key are for the protocol endpoint")
        if not self.image and bool(self.command) == bool(self.model):
            raise ValueError("give either a command or a model")
        if self.model and not (self.protocol == "jsonl" and _is_model_file(self.model)):
            raise ValueError(f"a model is a file in the folder that ends in {' or '.join(KINDS)}, spoken to by jsonl")
        return self


class Runtime(Form):
    """What a solution finds besides its own folder: installed Python packages, by their names."""

    packages: Annotated[list[Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")]], Field(max_length=100)] = []


class TrainedOn(Form):
    """What the model inside was trained on, as its owner states it."""

    description: Text
    sources: list[Annotated[str, Field(max_length=500)]] = []
    licence: Annotated[str, Field(max_length=200)] = ""


class SolutionForm(Form):
    """The form of `solution.yaml`."""

    name: Name
    version: Version
    title: Text
    owner: Annotated[str, Field(min_length=1, max_length=200)]
    purpose: Text
    intended_use: Text
    languages: Annotated[list[Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]], Field(min_length=1, max_length=100)]
    risk_class: Annotated[Literal["minimal", "limited", "high", "prohibited"], AfterValidator(_permitted)]
    start: Start
    runtime: Runtime = Runtime()
    limits: Limits = Limits()
    trained_on: TrainedOn | None = None
    egress: Annotated[list[Annotated[str, Field(pattern=PLACE)]], Field(max_length=50)] = []

    @model_validator(mode="after")
    def _image_alone(self) -> Self:
        """An image holds what it needs, and no network reaches into it."""
        if self.start.image and (self.egress or self.runtime.packages):
            raise ValueError("an image brings its own packages and is never let out: leave out egress and packages")
        return self

    @model_validator(mode="after")
    def _one_network(self) -> Self:
        """A solution that serves a port has a network of its own, which leads nowhere."""
        if self.egress and self.start.port:
            raise ValueError("a solution that serves on a port cannot also be let out: serve on the socket instead")
        return self


@dataclass(frozen=True, slots=True)
class Solution:
    """A solution that was read: its form, its folder and the folder's digest."""

    form: SolutionForm
    folder: Path
    digest: str

    @property
    def label(self) -> str:
        """Name and version, as records name it."""
        return f"{self.form.name} {self.form.version}"


def load(folder: Path) -> Solution:
    """Read a solution's folder.

    Raises:
        FormError: all that is wrong with it.
    """
    form = forms.read(folder / FILE, SolutionForm)
    try:
        digest = folders.digest(folder)
    except (OSError, ValueError) as error:
        raise FormError([Flaw(FILE, 0, 0, "", str(error))]) from error
    return Solution(form, folder, digest)


def job(solution: Solution, *, let_out: bool = False) -> Job:
    """The confined job that runs a solution.

    Args:
        solution: as it was read.
        let_out: whether it may reach the places that it asks for.

    Raises:
        RuntimeMissingError: a package that it names is not installed on this node.
    """
    form, python = solution.form, interpreter()
    if form.start.image:
        return _image_job(solution)
    binds = [Bind(str(solution.folder), SOLUTION), *python.binds]
    for name in packages(form):
        binds += package(name)[1]
    if form.start.file or form.start.protocol == "chat":
        binds.append(inside_bind())
    return Job(
        command=_command(form.start),
        binds=tuple(dict.fromkeys(binds)),
        environment=_environment(form) | (_PROXIES if let_out and form.egress else {}),
        folder=SOLUTION,
        limits=form.limits,
        masked=python.masked,
        loopback=form.start.port is not None,
        egress=tuple(form.egress) if let_out else (),
    )


def _image_job(solution: Solution) -> Job:
    """The confined job that runs an image: nothing of the host's is seen in there."""
    form, image = solution.form, solution.form.start.image
    theirs = {"PATH", "PYTHONPATH", "SILD_SOCKET"}
    return Job(
        command=tuple(form.start.command),
        environment={name: value for name, value in _environment(form).items() if name not in theirs},
        limits=form.limits,
        image=image if images.is_reference(image) else str(solution.folder / image),
    )


_PROXIES = {
    name: f"http://{PROXY}" for word in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY") for name in (word, word.lower())
}


def packages(form: SolutionForm) -> dict[str, str]:
    """The packages that a solution is shown, with the versions installed here.

    Raises:
        RuntimeMissingError: one is not installed.
    """
    named = {name: package(name)[0] for name in form.runtime.packages}
    kind = kind_of(form.start.file) if form.start.file else None
    return named | (versions(kind) if kind else {})


def _command(start: Start) -> tuple[str, ...]:
    """What is run inside: a program of ours for a model file or beside a server, else the command."""
    python = interpreter().program
    if start.file:
        kind = kind_of(start.file)
        assert kind is not None  # the form has looked
        return (python, "-P", f"{INSIDE}/{kind.program}", f"{SOLUTION}/{start.file}")
    command = (_program(start.command[0]), *start.command[1:])
    return (python, "-I", f"{INSIDE}/chat.py", *command) if start.protocol == "chat" else command


def _program(word: str) -> str:
    """The path of a program inside."""
    if word in PYTHONS:
        return interpreter().program
    return str(Path(SOLUTION, word)) if "/" in word and not word.startswith("/") else word


def _environment(form: SolutionForm) -> dict[str, str]:
    """All variables that a solution has. One thread for linear algebra, so that a run can be repeated."""
    return {
        "HOME": SCRATCH,
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PATH": "/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": PACKAGES,
        **({"SILD_PORT": str(form.start.port)} if form.start.port else {}),
        "SILD_LINE_BYTES": str(form.limits.line_bytes),
        "SILD_SAMPLE_SECONDS": str(form.limits.sample_seconds),
        "SILD_SOCKET": SOCKET,
        "SILD_START_SECONDS": str(form.limits.start_seconds),
        "TMPDIR": SCRATCH,
    }
