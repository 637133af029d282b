"""One program against many small ones: the same shop as a monolith and as microservices."""

from __future__ import annotations

from collections.abc import Iterable

from kubelearn.diagrams import svg
from kubelearn.diagrams.parts import Part, Point, Talk, picture, title

_HEIGHT = 400.0
_BLOCK, _TALL = 130.0, 52.0
_FILLS = {"pages": "#56B4E9", "orders": "#F0E442", "stock": "#E69F00", "payments": "#CC79A7"}
_MEANINGS = {
    "pages": "what visitors see",
    "orders": "takes orders down",
    "stock": "knows what there is",
    "payments": "takes the money",
}
_STORE = "#D1D9E0"
_LEFT, _RIGHT = 20.0, 400.0
# Where the four modules are, from the corner of their side.
_PLACES: dict[str, Point] = {
    "pages": (24, 134),
    "orders": (186, 134),
    "stock": (24, 246),
    "payments": (186, 246),
}


def draw(*, mark: Iterable[str] = ()) -> str:
    """The same shop twice.

    `mark` names parts by their ids, such as `monolith-orders`, `service-stock` or
    `service-orders--service-stock`.
    """
    return picture(
        [*_monolith(), *_services()],
        [*_visits(), *_calls()],
        mark=mark,
        height=_HEIGHT,
        label="A shop as one program with one database, beside the same shop as four programs "
        "with data of their own that call each other over the network",
        words=[
            svg.text(
                "modules call each other", x=_LEFT + 170, y=222, fill=svg.MUTED, anchor="middle"
            ),
            *title("Monolith", "one program: built, started and lost as a whole", x=_LEFT),
            *title(
                "Microservices",
                "four programs, and the network between them",
                x=_RIGHT,
            ),
        ],
    )


def _visitor(side: str, x: float) -> Part:
    return Part(f"{side}-visitor", x + 24, 72, _BLOCK, 30, "visitor", "visitor")


def _module(side: str, name: str, x: float, *, words: str) -> Part:
    left, top = _PLACES[name]
    return Part(
        f"{side}-{name}",
        x + left,
        top,
        _BLOCK,
        _TALL,
        name,
        "module",
        words=words,
        meaning=_MEANINGS[name],
        fill=_FILLS[name],
    )


def _monolith() -> list[Part]:
    process = Part(
        "monolith",
        _LEFT,
        118,
        340,
        196,
        "",
        "program",
        meaning="one process: its modules call each other as functions",
        frame=True,
    )
    store = Part(
        "monolith-store", _LEFT, 340, 340, 36, "one database for all", "store", fill=_STORE
    )
    modules = [_module("monolith", name, _LEFT, words="a module") for name in _PLACES]
    return [_visitor("monolith", _LEFT), process, *modules, store]


def _services() -> list[Part]:
    modules = [_module("service", name, _RIGHT, words="its own program") for name in _PLACES]
    stores = [_data("orders", above=True), _data("stock"), _data("payments")]
    return [_visitor("service", _RIGHT), *modules, *stores]


def _data(name: str, *, above: bool = False) -> Part:
    left, top = _PLACES[name]
    y = top - 26 if above else top + _TALL + 4
    part = f"service-{name}-store"
    return Part(part, _RIGHT + left, y, _BLOCK, 22, "its own data", "store", fill=_STORE)


def _visits() -> list[Talk]:
    return [
        Talk(
            f"{side}-visitor",
            f"{side}-pages",
            ((x + 24 + _BLOCK / 2, 102), (x + 24 + _BLOCK / 2, 134)),
            "HTTP, from a browser",
            words="HTTP",
            at=(x + 24 + _BLOCK / 2 + 8, 114),
        )
        for side, x in (("monolith", _LEFT), ("service", _RIGHT))
    ] + [
        Talk(
            "monolith",
            "monolith-store",
            ((_LEFT + 170, 314), (_LEFT + 170, 340)),
            "SQL, from all modules",
            words="SQL",
            at=(_LEFT + 178, 331),
        )
    ]


def _calls() -> list[Talk]:
    """Who asks whom: what was a call of a function is a request now, which may be slow or fail."""
    x = _RIGHT
    ways: dict[tuple[str, str], tuple[tuple[Point, ...], Point]] = {
        ("pages", "orders"): (((x + 154, 160), (x + 186, 160)), (x + 155, 152)),
        ("pages", "stock"): (((x + 60, 186), (x + 60, 246)), (x + 68, 224)),
        ("orders", "payments"): (((x + 286, 186), (x + 286, 246)), (x + 294, 220)),
        ("orders", "stock"): (((x + 216, 186), (x + 154, 256)), (x + 198, 226)),
    }
    return [
        Talk(f"service-{a}", f"service-{b}", points, f"{a} asks {b} over HTTP", "HTTP", at)
        for (a, b), (points, at) in ways.items()
    ]


if __name__ == "__main__":
    print(draw())
