"""Studies are kept whole beside the networks that they are of, and go with them."""

import threading
from typing import Any

import pytest

from estimator.errors import InvalidParameter
from service.stores.protocol import AnalysisNotStored, GraphStore, StudyNotStored, StudyRow
from tests.networks import random_network

DOCUMENT = {
    "kind": "audit", "verdict": "fail", "numbers": [0.1 + 0.2, 5e-324, -0.0, 2**53 + 1, None, True],
    "names": ["`) DETACH DELETE n //", "\u0060 é 😀", ""], "rules": [{"rule": "x", "neurons": ["1:0"]}],
}  # fmt: skip


class Studies:
    """See `tests.stores.contract`."""

    def test_a_study_comes_back_equal(self, store: GraphStore) -> None:
        store.write("a", random_network(1))
        store.write_study("s", "audit", ["a"], DOCUMENT)
        assert store.study("s") == DOCUMENT
        assert [repr(x) for x in store.study("s")["numbers"]] == [repr(x) for x in DOCUMENT["numbers"]]  # type: ignore[attr-defined]
        assert store.studies("a") == [StudyRow("s", "audit", "fail", ("a",))]
        assert store.verdicts(["s"]) == {"s": "fail"}

    def test_a_large_document_comes_back_equal(self, store: GraphStore) -> None:
        store.write("a", random_network(1))
        large = {"rows": [{"name": f"neuron {i} \u00e9", "value": i / 7} for i in range(60_000)]}
        store.write_study("s", "diff", ["a"], large)
        assert store.study("s") == large

    def test_studies_are_listed_with_every_analysis_that_they_are_of(self, store: GraphStore) -> None:
        store.write("a", random_network(1))
        store.write("b", random_network(2))
        store.write_study("s2", "diff", ["b", "a"], {})
        store.write_study("s1", "ablation", ["a"], {"verdict": 7})
        store.write_study("s3", "diff", ["a", "a"], {})
        assert store.study_ids() == ["s1", "s2", "s3"]
        expected = [
            StudyRow("s1", "ablation", None, ("a",)),
            StudyRow("s2", "diff", None, ("b", "a")),
            StudyRow("s3", "diff", None, ("a", "a")),
        ]
        assert store.studies("a") == expected
        assert store.verdicts(["s1", "s3", "no study"]) == {"s1": None, "s3": None}
        assert store.studies("b") == expected[1:2]

    def test_writing_a_study_again_changes_nothing(self, store: GraphStore) -> None:
        store.write("a", random_network(1))
        store.write_study("s", "audit", ["a"], DOCUMENT)
        store.write_study("s", "diff", ["a", "a"], {"verdict": "pass"})
        assert store.study("s") == DOCUMENT
        assert store.studies("a") == [StudyRow("s", "audit", "fail", ("a",))]

    def test_what_is_not_there_is_said_so(self, store: GraphStore) -> None:
        store.write("a", random_network(1))
        with pytest.raises(StudyNotStored):
            store.study("s")
        with pytest.raises(AnalysisNotStored):
            store.studies("b")
        for ids in (["b"], ["a", "b"], ["b", "a"]):
            with pytest.raises(AnalysisNotStored):
                store.write_study("s", "diff", ids, {})
        assert store.study_ids() == []
        assert store.studies("a") == []

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), object()])
    def test_what_json_has_not_is_refused(self, store: GraphStore, value: Any) -> None:
        store.write("a", random_network(1))
        with pytest.raises(InvalidParameter, match="plain JSON"):
            store.write_study("s", "audit", ["a"], {"value": value})
        assert store.study_ids() == []

    def test_a_deleted_study_is_gone_and_its_id_free(self, store: GraphStore) -> None:
        store.write("a", random_network(1))
        store.write_study("s", "audit", ["a"], DOCUMENT)
        store.write_study("t", "audit", ["a"], DOCUMENT)
        store.delete_study("s")
        store.delete_study("s")
        store.delete_study("never there")
        assert store.study_ids() == ["t"]
        assert [row.id for row in store.studies("a")] == ["t"]
        store.write_study("s", "diff", ["a", "a"], {})
        assert store.study("s") == {}

    def test_a_study_goes_with_either_of_its_analyses(self, store: GraphStore) -> None:
        for analysis_id in ("a", "b", "c"):
            store.write(analysis_id, random_network(1))
        store.write_study("ab", "diff", ["a", "b"], {})
        store.write_study("bc", "diff", ["b", "c"], {})
        store.write_study("c", "audit", ["c"], {})
        store.delete("b")
        assert store.study_ids() == ["c"]
        with pytest.raises(StudyNotStored):
            store.study("ab")
        store.delete("c")
        assert store.study_ids() == []
        assert store.ids() == ["a"]

    def test_two_writers_of_one_study_leave_one(self, store: GraphStore, second: GraphStore) -> None:
        store.write("a", random_network(1))
        start, failed = threading.Barrier(2), []

        def write(client: GraphStore) -> None:
            start.wait()
            try:
                client.write_study("s", "audit", ["a"], DOCUMENT)
            except Exception as error:  # noqa: BLE001  reported below
                failed.append(error)

        writers = [threading.Thread(target=write, args=(client,)) for client in (store, second)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert failed == []
        assert store.studies("a") == [StudyRow("s", "audit", "fail", ("a",))]
        assert store.study("s") == DOCUMENT

    def test_no_study_outlives_an_analysis_that_is_deleted_meanwhile(
        self, store: GraphStore, second: GraphStore
    ) -> None:
        for _ in range(5):
            store.write("a", random_network(1))
            start = threading.Barrier(2)

            def write(start: threading.Barrier = start) -> None:
                start.wait()
                try:
                    second.write_study("s", "audit", ["a"], DOCUMENT)
                except AnalysisNotStored:
                    return

            writer = threading.Thread(target=write)
            writer.start()
            start.wait()
            store.delete("a")
            writer.join()
            store.delete("a")
            assert store.study_ids() == []
