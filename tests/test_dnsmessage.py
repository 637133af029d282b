"""DNS messages as bytes, against RFC 1035 and against themselves."""

import random

import pytest

from kubelearn.dnsmessage import (
    AAAA,
    CNAME,
    NXDOMAIN,
    PTR,
    SOA,
    SRV,
    TXT,
    A,
    BadMessage,
    Message,
    Record,
    decode,
    encode,
    reverse_name,
)

QUESTION = Message(0x1234, "web.shop.svc.cluster.local", A)
RECORDS = (
    Record("web.shop.svc.cluster.local", CNAME, 30, "other.shop.svc.cluster.local"),
    Record("other.shop.svc.cluster.local", A, 30, "127.64.128.9"),
    Record("other.shop.svc.cluster.local", AAAA, 30, "fd00::1"),
    Record("_http._tcp.web", SRV, 5, "0 50 80 web.shop.svc.cluster.local"),
    Record("9.128.64.127.in-addr.arpa", PTR, 30, "web.shop.svc.cluster.local"),
    Record("cluster.local", SOA, 30, "ns.dns.cluster.local hostmaster.cluster.local 1 2 3 4 5"),
)


def test_a_question_has_the_bytes_of_the_standard():
    assert encode(Message(1, "a.bc", A)) == (
        b"\0\1"  # number
        b"\1\0"  # flags: recursion desired
        b"\0\1\0\0\0\0\0\0"  # one question, nothing else
        b"\1a\2bc\0"
        b"\0\1\0\1"  # A, IN
    )


def test_an_answer_is_read_as_it_was_written():
    answer = QUESTION.reply(answers=RECORDS[:3], authorities=RECORDS[3:5], additionals=RECORDS[5:])
    assert decode(encode(answer)) == answer


def test_a_text_is_preceded_by_its_length():
    answer = QUESTION.reply(answers=[Record("v", TXT, 1, "1.1.0")])
    assert decode(encode(answer)).answers[0].data == b"\x051.1.0"


def test_names_are_written_once():
    answers = [Record(QUESTION.name, A, 30, f"127.64.1.{i}") for i in range(10)]
    assert len(encode(QUESTION.reply(answers=answers))) == len(encode(QUESTION)) + 10 * 16


def test_what_does_not_fit_is_left_out_and_said():
    answers = [Record(QUESTION.name, A, 30, f"127.64.1.{i}") for i in range(100)]
    data = encode(QUESTION.reply(answers=answers), limit=512)
    assert len(data) <= 512
    found = decode(data)
    assert found.truncated
    assert found.answers == tuple(answers[: len(found.answers)])
    assert len(found.answers) == 29


def test_additional_records_may_be_missing_without_a_word():
    more = [Record(QUESTION.name, A, 30, f"127.64.1.{i}") for i in range(100)]
    found = decode(encode(QUESTION.reply(answers=RECORDS[1:2], additionals=more), limit=512))
    assert not found.truncated
    assert found.answers == RECORDS[1:2]


def test_a_client_says_how_much_it_takes():
    question = Message(1, "a", A, udp_size=1232)
    assert decode(encode(question)).udp_size == 1232
    assert decode(encode(question.reply(NXDOMAIN))).udp_size == 1232


@pytest.mark.parametrize("name", ["a..b", "x" * 64])
def test_a_name_that_is_none_cannot_be_written(name):
    with pytest.raises(BadMessage):
        encode(Message(1, name, A))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 12,
        encode(QUESTION)[:-1],
        # A name that points at itself, and one that points forward.
        b"\0\1\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1",
        b"\0\1\1\0\0\1\0\0\0\0\0\0\xc0\x0e\1a\0\0\1\0\1",
    ],
)
def test_bytes_that_are_no_message_are_refused(data):
    with pytest.raises(BadMessage):
        decode(data)


def test_no_bytes_do_any_other_harm():
    chance = random.Random(1)
    good = encode(QUESTION.reply(answers=RECORDS))
    for _ in range(3000):
        data = bytearray(good)
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            decode(bytes(data[: chance.randint(0, len(data))]))
        except BadMessage:
            continue


def test_addresses_are_turned_round():
    assert reverse_name("10.0.0.1") == "1.0.0.10.in-addr.arpa"
