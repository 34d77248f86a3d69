"""Two thousand events by simulated people: nothing breaks, every move of the table occurs."""

from tests.random.run import WHOLE, run, show

SEED = 20261123  # printed, and played again with `make random SEED=20261123`


def test_whatever_people_do_the_invariants_hold_and_every_move_occurs() -> None:
    print(f"seed {SEED}")
    result = run(WHOLE, SEED)

    show(result)
    assert result.reasons == []
