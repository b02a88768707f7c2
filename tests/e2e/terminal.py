"""Profanity, a client in a terminal, driven through tmux as a person would do it."""
import os
import shutil
import subprocess
import tempfile

from suite import eventually


class Profanity:
    """A running profanity with a home of its own."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="bh-prof-")
        self.windows = set()
        self.tmux = ["tmux", "-S", os.path.join(self.home, "tmux"), "-f", "/dev/null"]
        environment = {"HOME": self.home, "PATH": os.environ["PATH"], "TERM": "xterm",
                       "SHELL": "/bin/sh",
                       "LANG": "C.UTF-8", "XDG_CONFIG_HOME": self.home + "/config",
                       "XDG_DATA_HOME": self.home + "/data"}
        subprocess.run([*self.tmux, "new-session", "-d", "-x", "150", "-y", "40", "profanity"],
                       env=environment, check=True)
        self.until("Profanity")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        subprocess.run([*self.tmux, "kill-server"], check=False, capture_output=True)
        shutil.rmtree(self.home, ignore_errors=True)

    def screen(self):
        shown = subprocess.run([*self.tmux, "capture-pane", "-p", "-S", "-200"],
                               capture_output=True, text=True, check=False)
        return shown.stdout

    def until(self, text):
        try:
            eventually(lambda: text in self.screen(), f"{text!r} on the screen")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.screen()}") from None

    def type(self, line):
        subprocess.run([*self.tmux, "send-keys", "-l", line], check=True)
        subprocess.run([*self.tmux, "send-keys", "Enter"], check=True)

    def login(self, jid, password, port):
        self.type(f"/connect {jid} server 127.0.0.1 port {port} tls trust")
        self.until("Enter password")
        self.type(password)
        self.until("logged in successfully")

    def say(self, to, text):
        self.type(f"/msg {to} {text}")
        self.windows.add(to.split("/")[0])

    def window(self, jid):
        """Shows the chat with it, when there is one."""
        if jid not in self.windows:
            self.until(f"chat message: {jid}")
            self.windows.add(jid)
        self.type(f"/win {jid}")
