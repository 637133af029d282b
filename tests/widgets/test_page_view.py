"""A page of its own in a real browser, with a widget on a simulated cluster."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from kubelearn.objects import PODS


@pytest.fixture
def page(chromium):
    context = chromium.new_context()
    opened = context.new_page()
    errors = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert errors == []


def until(page, condition):
    for _ in range(200):
        if condition():
            return
        page.wait_for_timeout(50)
    raise AssertionError(condition)


def test_the_widget_lives_there_and_acts_on_the_cluster(page, server, cluster):
    page.goto(server.url)
    pods = page.locator(".kl-pod")
    expect(pods).to_have_count(3)
    assert server.token not in page.url
    name = cluster.all(PODS)[0]["metadata"]["name"]
    with cluster.changed:
        cluster.remove(cluster.get(PODS, name))
    expect(pods).to_have_count(2)
    page.reload()
    expect(pods).to_have_count(2)


def test_a_page_that_is_closed_is_looked_at_no_more(page, server):
    page.goto(server.url)
    expect(page.locator(".kl-pod")).to_have_count(3)
    until(page, lambda: sum(server.widget._views.values()) == 1)
    other = page.context.new_page()
    other.goto(server.url)
    until(other, lambda: sum(server.widget._views.values()) == 2)
    page.goto("about:blank")
    until(other, lambda: sum(server.widget._views.values()) == 1)


def test_another_browser_without_the_token_sees_nothing(page, server, chromium):
    page.goto(server.url)
    stranger = chromium.new_context().new_page()
    answer = stranger.goto(server.url.partition("?")[0])
    assert answer.status == 403
    assert stranger.locator("body").inner_text() == "403 Forbidden"
    stranger.context.close()


def test_a_page_elsewhere_cannot_act_though_the_browser_has_the_cookie(page, server):
    page.goto(server.url)
    expect(page.locator(".kl-pod")).to_have_count(3)
    heard = []
    server.widget.on_msg(lambda _, content, __: heard.append(content["type"]))
    here = server.url.partition("?")[0]
    page.route("http://evil.test/", lambda route: route.fulfill(body="<!doctype html>"))
    evil = page.context.new_page()
    evil.route("**/evil.html", lambda route: route.fulfill(body="<!doctype html>"))
    evil.goto("http://evil.test/evil.html")
    send = """async (to) => {
      const body = '{"method": "custom", "content": {"type": "intruder"}}';
      await fetch(to, {method: "POST", mode: "no-cors", credentials: "include", body});
    }"""
    evil.evaluate(f"to => ({send})(to).catch(() => {{}})", f"{here}message")
    assert "intruder" not in heard


def test_when_the_server_ends_the_page_says_what_to_do(page, server):
    page.clock.install()
    page.goto(server.url)
    expect(page.locator(".kl-pulse")).to_have_text("live")
    server.shutdown()
    server.server_close()

    def told():
        # What the server said last may be on its way still.
        page.clock.fast_forward(12_000)
        return page.locator(".kl-notice").filter(has_text="Start it again.").count()

    until(page, told)
