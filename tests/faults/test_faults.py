"""Faults: the short form is green; both mistakes are caught."""

from tests.faults.run import MUTANTS, SHORT, run, show


def test_what_was_acknowledged_is_there_once_whatever_happens() -> None:
    result = run(SHORT)

    show(result)
    assert result.reasons == []
    assert set(result.struck) >= {f"kill {name}" for name in SHORT.victims}


def test_a_service_without_inbox_is_caught() -> None:
    result = run(MUTANTS["inbox-off"], mistakes=["inbox-off"])

    show(result)
    assert result.count.doubled


def test_a_service_that_acknowledges_too_early_is_caught() -> None:
    result = run(MUTANTS["ack-first"], mistakes=["ack-first"])

    show(result)
    assert result.count.lost
