"""What bulkhead-metrics shows, read by the test; and Prometheus itself as an ordinary process.

    measured     an instance whose metrics can be read: measured.metrics
    prometheus   makes Prometheus servers that scrape an address
"""
import http.client
import json
import re
import shutil
import socket
import subprocess
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from suite import PATIENCE, ROOT, Log, eventually, free_port

SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
OPEN = "application/openmetrics-text; version=1.0.0"


class Metrics:
    """GET /metrics at a port of this machine."""

    def __init__(self, port):
        self.port = port

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def request(self, method="GET", path="/metrics", **headers):
        connection = http.client.HTTPConnection(self.address, timeout=PATIENCE)
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        connection.close()
        return answer

    def text(self, **headers):
        answer = self.request(**headers)
        assert answer.status == 200
        return answer.text

    def samples(self):
        """(name, {label: value}) -> number, as pairs."""
        return [(match[1], dict(LABEL.findall(match[2] or "")), float(match[3]))
                for match in map(SAMPLE.match, self.text().splitlines()) if match]

    def sum(self, name, **labels):
        return sum(value for found, has, value in self.samples()
                   if found == name and all(has.get(k) == v for k, v in labels.items()))

    def up(self):
        """The processes that are up."""
        return {has["process"] for name, has, value in self.samples() if name == "bulkhead_up" and value == 1}

    def wait_up(self, *names):
        eventually(lambda: set(names) <= self.up(), f"{names} being up")


@pytest.fixture
def make_measured(make_suite):
    def make(*names, **how):
        port = free_port()
        how["settings"] = {"metrics.listen": [f"127.0.0.1:{port}"], **how.get("settings", {})}
        suite = make_suite(**how)
        suite.metrics = Metrics(port)
        suite.metrics.wait_up("routerd", "authd", "c2sd@1", "metrics", *names)
        return suite
    return make


@pytest.fixture
def measured(make_measured):
    return make_measured()


def promtool(*arguments, input=None):
    return subprocess.run(["promtool", *map(str, arguments)], input=input, capture_output=True, text=True,
                          timeout=60, check=False)


class Prometheus:
    def __init__(self, target):
        self.dir, self.port = Path(tempfile.mkdtemp(prefix="bh-prometheus-")), free_port()
        (self.dir / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
            f"rule_files: [{ROOT}/etc/prometheus/bulkhead.rules.yml]\n"
            f"scrape_configs: [{{job_name: bulkhead, static_configs: [{{targets: ['{target}']}}]}}]\n")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={self.dir}/prometheus.yml", f"--storage.tsdb.path={self.dir}/data",
             f"--web.listen-address=127.0.0.1:{self.port}"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.log = Log(self.process.stdout)
        self.log.wait("Server is ready")

    def ask(self, path, **parameters):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            found = json.load(answer)
        assert found["status"] == "success"
        return found["data"]

    def query(self, expression):
        """[(labels, number)]"""
        return [(one["metric"], float(one["value"][1])) for one in self.ask("query", query=expression)["result"]]

    def remove(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


@pytest.fixture
def prometheus():
    made = []

    def make(target):
        made.append(Prometheus(target))
        return made[-1]
    yield make
    for one in made:
        one.remove()


def raw_http(port, data, timeout=PATIENCE):
    """Bytes as they are; all that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout) as s:
        s.sendall(data)
        came = b""
        while True:
            more = s.recv(65536)
            if not more:
                return came
            came += more
