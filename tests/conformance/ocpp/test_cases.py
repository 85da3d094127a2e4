"""Every case of the suite, played against a running gateway."""

import pytest
from oca import ALL
from oca.cases import Case
from oca.stage import Gateways, Stage

pytestmark = pytest.mark.django_db(transaction=True)
CASES = [case for case in ALL if case.steps]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.id}-{case.version}")
def test_the_central_system_does_as_the_case_says(gateways: Gateways, case: Case) -> None:
    """Answers, questions and rows are as the case has them."""
    stage = Stage.of(gateways, f"{case.id}-{case.version}", case.version)
    try:
        stage.connect()
        stage.play(case.steps)
    finally:
        stage.close()
