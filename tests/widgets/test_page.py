"""A page of its own: who has the token can use it, and nobody else."""

from __future__ import annotations

import http.client
import json
import re
from urllib.parse import quote

import pytest

from kubelearn.errors import KubelearnError
from kubelearn.widgets.page import PageServer

PATHS = ["/", "/state", "/events", "/widget.js", "/page.js", "/message", "/nothing"]


class Answer:
    def __init__(self, response):
        self.code = response.status
        self.headers = response.headers
        self.text = response.read().decode()


def ask(server, path="/", *, method="GET", body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body=body, headers=named)
    answer = Answer(connection.getresponse())
    connection.close()
    return answer


def cookie(server, token=None):
    return f"{server.cookie}={server.token if token is None else token}"


def origin(server):
    return f"http://127.0.0.1:{server.server_port}"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", PATHS)
def test_without_the_token_there_is_403_and_nothing_else(server, method, path):
    body = b'{"method": "custom", "content": {}}' if method == "POST" else None
    answer = ask(server, path, method=method, body=body, Origin=origin(server))
    assert (answer.code, answer.text) == (403, "403 Forbidden")
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Server"] == "kubelearn"


@pytest.mark.parametrize("token", ["", "wrong", "é"])
def test_a_wrong_token_is_none(server, token):
    assert ask(server, f"/?token={quote(token)}").code == 403
    assert ask(server, "/", Cookie=cookie(server, quote(token))).code == 403


def test_the_token_in_the_address_gives_a_cookie_that_scripts_cannot_read(server):
    answer = ask(server, f"/?token={server.token}")
    assert answer.code == 200
    told = answer.headers["Set-Cookie"]
    assert told == f"{cookie(server)}; HttpOnly; SameSite=Strict; Path=/"
    assert server.token not in answer.text
    state = ask(server, "/state", Cookie=cookie(server))
    assert "snapshot" in json.loads(state.text)


def test_the_token_opens_the_page_and_no_other_path(server):
    assert ask(server, f"/state?token={server.token}").code == 403


def test_the_cookie_of_another_port_is_not_taken(server):
    assert ask(server, "/", Cookie=f"kubelearn-1={server.token}").code == 403


def test_a_name_that_leads_here_is_refused(server):
    told = {"Host": f"evil.example:{server.server_port}", "Cookie": cookie(server)}
    assert ask(server, "/state", **told).code == 403
    local = {"Host": f"localhost:{server.server_port}", "Cookie": cookie(server)}
    assert ask(server, "/state", **local).code == 200


@pytest.mark.parametrize("foreign", [{}, {"Origin": "http://evil.example"}, {"Origin": "null"}])
def test_another_page_can_send_no_message_even_with_the_cookie(server, foreign):
    heard = []
    server.widget.on_msg(lambda *_: heard.append(1))
    body = json.dumps({"method": "custom", "content": {"type": "resync"}})
    sent = {"method": "POST", "body": body, "Cookie": cookie(server)}
    assert ask(server, "/message", **sent, **foreign).code == 403
    assert heard == []
    assert ask(server, "/message", **sent, Origin=origin(server)).code == 200
    assert heard == [1]


@pytest.mark.parametrize("length", [None, "no number", 2**20 + 1])
def test_a_message_that_is_none_is_refused(server, length):
    told = {"Cookie": cookie(server), "Origin": origin(server)}
    if length is not None:
        told["Content_Length"] = str(length)
    assert ask(server, "/message", method="POST", body="not JSON", **told).code == 400


def test_nothing_may_be_loaded_from_elsewhere_and_nobody_may_frame_it(server):
    answer = ask(server, f"/?token={server.token}")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not re.search(r"https?://", answer.text)


def test_a_name_with_signs_of_html_in_it_stays_a_name(server):
    server.title = "<b>me@cluster</b>"
    assert "&lt;b&gt;me@cluster&lt;/b&gt;" in ask(server, f"/?token={server.token}").text


def test_only_this_machine_is_listened_to(server):
    assert server.server_address[0] == "127.0.0.1"


def test_a_port_that_is_taken_says_what_to_type(server):
    with pytest.raises(KubelearnError, match="--port 0 takes any free one"):
        PageServer(lambda: None, port=server.server_port, title="", advice="")


def test_messages_go_to_every_page_and_one_that_does_not_listen_holds_up_nobody(server):
    pages = [server.widget.comm.messages(name) for name in ("one", "two")]
    for number in range(1_000):
        server.widget.comm.publish_msg("comm_msg", {"number": number})
    for told in pages:
        assert next(told) == {"number": 0}
        told.close()
    assert server.widget.comm._pages == {}
