"""js-libp2p as dialer and as listener: identify, ping, and messages of 100 KiB and 16 MiB there and back."""

import pytest

MEBIBYTE = 1 << 20


def test_js_dials_ours(js, ours):
    answer = js.ask("dial " + ours.address)
    assert answer.startswith(f"dialled {ours.id} runnerfs/"), answer
    assert js.ask("ping") == "pong"
    for size in (0, 1, 100 << 10, 16 * MEBIBYTE):
        assert js.ask(f"echo {size}") == f"echoed {size}"


def test_ours_dials_js(js, ours):
    answer = ours.ask("dial " + js.address)
    assert answer.startswith(f"dialled {js.id} js-libp2p/"), answer
    assert ours.ask("ping") == "pong"
    for size in (0, 1, 100 << 10, 16 * MEBIBYTE):
        assert ours.ask(f"echo {size}") == f"echoed {size}"


@pytest.mark.parametrize("dialer, listener", [("js", "ours"), ("ours", "js")])
def test_many_messages_use_one_connection(request, dialer, listener):
    dialer, listener = request.getfixturevalue(dialer), request.getfixturevalue(listener)
    assert dialer.ask("dial " + listener.address).startswith("dialled ")
    for number in range(300):
        assert dialer.ask(f"echo {number * 37}") == f"echoed {number * 37}"


@pytest.mark.parametrize("dialer, listener", [("js", "ours"), ("ours", "js")])
def test_a_protocol_that_is_not_spoken_is_refused(request, dialer, listener):
    dialer, listener = request.getfixturevalue(dialer), request.getfixturevalue(listener)
    assert dialer.ask("dial " + listener.address).startswith("dialled ")
    assert dialer.ask("send /nobody/speaks/this AAAA").startswith("error ")
    assert dialer.ask("ping") == "pong"


@pytest.mark.parametrize("dialer, listener", [("js", "ours"), ("ours", "js")])
def test_another_peer_than_the_dialled_is_refused(request, dialer, listener):
    dialer, listener = request.getfixturevalue(dialer), request.getfixturevalue(listener)
    address = listener.address.rsplit("/", 1)[0] + "/" + dialer.id
    other = address[:-1] + ("x" if address[-1] != "x" else "y")
    assert dialer.ask("dial " + other).startswith("error ")
    assert dialer.ask("dial " + listener.address).startswith("dialled ")


def test_the_dialer_learns_when_the_listener_leaves(js, ours):
    assert ours.ask("dial " + js.address).startswith("dialled ")
    js.end()
    assert ours.ask("dial " + js.address).startswith("error ")
