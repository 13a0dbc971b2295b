"""Container images for the tests: one static program in an OCI archive, written as the specification has it."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import subprocess
import tarfile
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

# Answers JSON lines with the question; the first argument names what it does before or instead.
PROGRAM = r"""
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char line[65536], answer[70000], said[4000];

static void reply(const char *output) {
    char *id = strstr(line, "\"id\":"), *end;
    if (!id) return;
    id += 5;
    end = strchr(id, ',');
    if (!end) return;
    snprintf(answer, sizeof answer, "{\"id\":%.*s,\"output\":%s}\n", (int)(end - id), id, output);
    fputs(answer, stdout);
    fflush(stdout);
}

static int reaches(const char *port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    int end = socket(AF_INET, SOCK_STREAM, 0);
    return end >= 0 && connect(end, (struct sockaddr *)&to, sizeof to) == 0;
}

static int reads(const char *path) {
    int file = open(path, O_RDONLY);
    return file >= 0 && read(file, said, 1) > 0;
}

static int writes(const char *path) { return open(path, O_CREAT | O_WRONLY, 0600) >= 0; }

static int forks(void) {
    int made = 0;
    while (made < 4096) {
        pid_t child = fork();
        if (child == 0) { pause(); _exit(0); }
        if (child < 0) break;
        made++;
    }
    return made;
}

static long fills(const char *path) {
    static char block[1 << 16];
    int file = open(path, O_CREAT | O_WRONLY, 0600);
    while (write(file, block, sizeof block) > 0) ;
    return lseek(file, 0, SEEK_END);
}

/* What it may do, as an object: given a port and a file of the host. */
static const char *survey(char **words) {
    int user = getuid(), made = forks(); /* before the namespace, in which other things hold */
    snprintf(said, sizeof said,
        "{\"forks\":%d,\"reaches\":%d,\"reads\":%d,\"shadow\":%d,\"writes\":%d,\"scratch\":%d,\"fills\":%ld,"
        "\"user\":%d,\"namespace\":%d}",
        made, reaches(words[0]), reads(words[1]), reads("/etc/shadow"), writes("/here"), writes("/scratch/here"),
        fills("/scratch/full"), user, unshare(CLONE_NEWUSER) == 0);
    return said;
}

static void take_memory(void) {
    for (;;) {
        char *taken = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (taken == MAP_FAILED) exit(3);
        memset(taken, 1, 1 << 20);
    }
}

static const char *input_of(void) {
    char *at = strstr(line, "\"input\":");
    if (!at) return "null";
    at += 8;
    size_t length = strlen(at);
    while (length && (at[length - 1] == '\n' || at[length - 1] == '}')) length--;
    at[length] = 0;
    return at;
}

int main(int count, char **words) {
    const char *what = count > 1 ? words[1] : "echo", *more = count > 2 ? words[2] : "";
    const char *found = NULL;
    if (!strcmp(what, "survey")) found = survey(words + 2);
    if (!strcmp(what, "memory")) take_memory();
    if (!strcmp(what, "flood")) for (;;) puts("0123456789012345678901234567890123456789");
    if (!strcmp(what, "spin")) for (;;) ;
    if (!strcmp(what, "exit")) return atoi(more);
    while (fgets(line, sizeof line, stdin)) {
        static char kept[66000];
        if (!found) snprintf(kept, sizeof kept, "%s", input_of());
        reply(found ? found : kept);
    }
    return 0;
}
"""


@cache
def program() -> bytes:
    """The program, which needs no library."""
    folder = Path(mkdtemp(prefix="sild-image-"))
    (folder / "main.c").write_text(PROGRAM)
    subprocess.run(["cc", "-static", "-O1", "-w", "-o", str(folder / "main"), str(folder / "main.c")], check=True)
    return (folder / "main").read_bytes()


def write_archive(path, files=None, entry=("/answer",)):
    """An OCI archive of an image with one layer (image-spec 1.0: layout, index, manifest, configuration)."""
    blobs = {}

    def blob(kind, data):
        digest = hashlib.sha256(data).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = data
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(data)}

    layer = tar({"answer": program()} if files is None else files)
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
    config = {
        "architecture": architecture,
        "os": "linux",
        "config": {"Entrypoint": list(entry)},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    manifest = {
        "schemaVersion": 2,
        "config": blob("config.v1+json", json.dumps(config).encode()),
        "layers": [blob("layer.v1.tar", layer)],
    }
    index = {"schemaVersion": 2, "manifests": [blob("manifest.v1+json", json.dumps(manifest).encode())]}
    path.write_bytes(
        tar({"oci-layout": b'{"imageLayoutVersion": "1.0.0"}', "index.json": json.dumps(index).encode(), **blobs})
    )
    return index["manifests"][0]["digest"]


def tar(files):
    """Files, all of them executable, as a tar."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o755
            archive.addfile(entry, io.BytesIO(data))
    return made.getvalue()
