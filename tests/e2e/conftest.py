"""Fixtures: instances of the suite, and the clients of a test.

    suite        an instance of its own, with alice and bob
    shared       the same for all tests of a module, for those that change nothing in it
    quiet        the same, with nobody logged in
    make_suite   makes instances as a test wants them: make_suite(domains=..., settings=...)
    raw, chat    make raw and slixmpp clients, which are closed at the test's end
"""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import sections  # noqa: E402
from suite import Suite  # noqa: E402

# Wrong passwords are slowed down; only the tests of just that want it.
SETTINGS = {"authd.guess_limit": 100000, "authd.address_limit": 1000000, "authd.iterations": 4096}
ACCOUNTS = {"alice@localhost": "wonderland-1", "bob@localhost": "builder-2"}


live = []  # every instance whose test is not over


class Instances:
    """Makes instances and ends them; each must end well."""

    def __init__(self):
        self.suites = []

    def __call__(self, start=True, **how):
        how.setdefault("accounts", dict(ACCOUNTS))
        how["settings"] = {**SETTINGS, **how.get("settings", {})}
        suite = Suite(**how)
        self.suites.append(suite)
        live.append(suite)
        if start:
            suite.start()
        return suite

    def finish(self):
        problems = []
        for suite in self.suites:
            if suite.process is None:
                continue
            try:
                code = suite.stop()
                if code != 0 and not suite.may_fail:
                    raise AssertionError(f"bulkhead run ended with {code}")
                suite.check_end()
            except AssertionError as error:
                tail = "\n".join(suite.log.lines[-60:])
                problems.append(f"{error}\n---- the end of its log:\n{tail}")
        if problems:
            raise AssertionError("\n".join(problems))

    def remove(self):
        for suite in self.suites:
            live.remove(suite)
            suite.remove()


def instances():
    made = Instances()
    try:
        yield made
        made.finish()
    finally:
        made.remove()


@pytest.fixture
def make_suite():
    yield from instances()


@pytest.fixture(scope="module")
def make_shared():
    yield from instances()


@pytest.fixture
def suite(make_suite):
    return make_suite()


@pytest.fixture(scope="module")
def shared(make_shared):
    return make_shared()


@pytest.fixture
def quiet(shared):
    """The shared one, when everybody of the test before has gone."""
    from suite import eventually
    eventually(lambda: not shared.rows("session", "list"), "the sessions of the last test ending")
    return shared


class Clients:
    """Makes clients of one kind and closes them in the end."""

    def __init__(self, make):
        self.make, self.made = make, []

    def __call__(self, *arguments, **how):
        self.made.append(self.make(*arguments, **how))
        return self.made[-1]

    def close(self):
        for one in self.made:
            one.close()


@pytest.fixture
def raw():
    """raw(suite) connects; raw(suite, "alice") logs in, binds, and becomes available."""
    from xmpp import Raw

    def connect(suite, user=None, resource=None, domain="localhost", priority=0, address=None,
                source=None):
        stream = Raw(address or suite.address, domain, source=source)
        if user is None:
            return stream
        stream.login(user, suite.password(f"{user}@{domain}")).bind(resource)
        return stream if priority is None else stream.available(priority)
    clients = Clients(connect)
    yield clients
    clients.close()


@pytest.fixture
def gate(make_suite):
    """A component of an instance of its own (gate.suite), as a raw stream."""
    import gate as module
    suite = module.configure(make_suite(start=False)).start()
    with module.Gate(suite) as stream:
        yield stream


@pytest.fixture
def chat():
    from client import Client
    clients = Clients(Client)
    yield clients
    clients.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    report = (yield).get_result()
    if not report.failed:
        return
    for suite in live:
        if suite.log is not None:
            report.sections.append((f"log of {suite.home}", "\n".join(suite.log.lines[-120:])))


def pytest_terminal_summary(terminalreporter):
    """What failed once more, without the logs, for who sees the end only."""
    for report in [*terminalreporter.stats.get("error", []), *terminalreporter.stats.get("failed", [])]:
        terminalreporter.section(report.nodeid)
        terminalreporter.write_line("\n".join(report.longreprtext.splitlines()[-14:]))


def pytest_addoption(parser):
    sections.options(parser)


def pytest_collection_finish(session):
    if session.config.getoption("--sections"):
        sections.report(session.items)


def pytest_report_header():
    from suite import BUILD, SANITIZED
    return f"bulkhead: {BUILD}{' with sanitizers' if SANITIZED else ''}"
