"""Completion: what `bulkheadctl complete` offers, and what bash and zsh make of it."""
import os
import re
import subprocess

import pytest

from suite import BIN, ROOT

COMPLETION = ROOT / "etc/completion"


def table():
    """The commands with their arguments' kinds, as the table of bulkheadctl has them."""
    text = (ROOT / "ctl/command_table.c").read_text()
    return re.findall(r'\{\.name = "([\w -]+)"(.*?)\n\t\t\.run', text, re.S)


def complete(suite, *words):
    done = subprocess.run([BIN / "bulkheadctl", "complete", "-d", suite.home, *words], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0 and not done.stderr
    return done.stdout.split()


def bash(suite, line):
    """What bash offers behind that line."""
    script = f"""
source {COMPLETION}/bulkheadctl.bash
COMP_LINE=$1 COMP_POINT=${{#1}}
IFS=$' \\t\\n@:=' read -ra parts <<< "$1"
# As readline cuts words: its breaks stand alone.
mapfile -t COMP_WORDS < <(grep -oE '[@:=]|[^[:space:]@:=]+' <<< "$1")
[[ $1 == *[[:space:]] ]] && COMP_WORDS+=("")
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_bulkheadctl
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "-c", script, "bash", line], capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"})
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout.split()


def test_every_command_is_offered_and_nothing_else(shared):
    names = [name for name, _ in table() if name != "complete"]
    assert complete(shared, "") == list(dict.fromkeys(name.split()[0] for name in names))
    assert complete(shared, "check", "") == ["config", "permissions", "certs", "dns", "connectivity", "ldap", "store"]
    for first in {name.split()[0] for name in names if " " in name} - {"check"}:
        assert complete(shared, first, "") == [n.split()[1] for n in names if n.startswith(first + " ")]


@pytest.mark.parametrize("words, expected", [
    (["user", "sh"], ["show"]),
    (["user", "show", ""], ["alice@localhost", "bob@localhost"]),
    (["user", "show", "al"], ["alice@localhost"]),
    (["--json", "user", "passwd", "b"], ["bob@localhost"]),
    (["log", "level", ""], ["routerd", "keyd", "authd", "c2sd@1"]),
    (["log", "level", "authd", ""], ["error", "warn", "info", "debug"]),
    (["restart", "c"], ["c2sd@1"]),
    (["cert", "list", ""], ["localhost"]),
    (["announce", "hello", "--domain", ""], ["localhost"]),
    (["user", "disable", "--r"], ["--read-only", "--reason"]),
    (["user", "disable", "--reason", "why", "a"], ["alice@localhost"]),
    (["help", "sess"], ["session"]),
    (["help", "session", ""], ["list", "count", "show", "kill"]),
    (["config", "get", "c2sd.auth"], ["c2sd.auth_timeout", "c2sd.auth_attempts"]),
    (["config", "get", "domain.k"], ["domain.key"]),
    (["config", "dump", "d"], ["domain", "directory"]),
    (["status", ""], []),
    (["nonsense", ""], []),
    (["-d"], []),
])
def test_what_can_follow_is_offered(shared, words, expected):
    assert sorted(complete(shared, *words)) == sorted(expected)


def test_without_a_server_only_the_server_s_names_are_missing(tmp_path):
    done = subprocess.run([BIN / "bulkheadctl", "complete", "-d", tmp_path, "user", "show", ""], capture_output=True,
                          text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_bash_completes_commands_and_addresses(shared):
    start = f"bulkheadctl -d {shared.home} "
    assert bash(shared, start + "sess") == ["session"]
    assert bash(shared, start + "user show al") == ["alice@localhost"]
    assert bash(shared, start + "user show alice@") == ["@localhost"]  # readline replaces the @ too
    assert bash(shared, start + "user show alice@lo") == ["@localhost"]
    assert bash(shared, start + "restart c2sd@") == ["@1"]


def test_bash_itself_completes_a_line(shared, tmp_path):
    """The real readline, on a terminal."""
    rc = tmp_path / "rc"
    rc.write_text(f"PATH={BIN}:$PATH\nPS1='> '\nbind 'set bell-style none'\nsource {COMPLETION}/bulkheadctl.bash\n")
    assert typed(["bash", "--rcfile", rc, "-i"], f"bulkheadctl -d {shared.home} user show alice@lo\t --json\n",
                 '"account":"alice@localhost"')


def test_zsh_itself_completes_a_line(shared, tmp_path):
    (tmp_path / ".zshrc").write_text(
        f"PATH={BIN}:$PATH\nPS1='> '\nunsetopt beep\nfpath=({COMPLETION} $fpath)\n"
        "autoload -Uz compinit && compinit -u -D\n")
    assert typed(["zsh", "-i"], f"bulkheadctl -d {shared.home} user sho\tali\t--json\n", '"account":"alice@localhost"',
                 ZDOTDIR=str(tmp_path))


def typed(command, text, expected, **env):
    """Types at a shell as soon as it prompts; true when the expected text comes."""
    import pty
    import select
    import time
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update({"TERM": "xterm", **env})
        os.execvp(str(command[0]), [str(c) for c in command])
    seen, sent, deadline = b"", False, time.monotonic() + 30
    try:
        while expected.encode() not in seen:
            left = deadline - time.monotonic()
            assert left > 0 and select.select([fd], [], [], left)[0], seen.decode(errors="replace")
            seen += os.read(fd, 65536)
            if not sent and b"> " in seen:
                for part in re.findall(r"[^\t\n]+|[\t\n]", text):
                    os.write(fd, part.encode())
                sent = True
        return True
    finally:
        os.close(fd)
        os.waitpid(pid, 0)
