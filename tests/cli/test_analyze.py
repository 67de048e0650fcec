"""`nif analyze` on Iris, the real thing, and the ways in which it must refuse or stop."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import networkx as nx
import psutil
import pytest

from tests.cli.nif import IRIS, NIF, environment, nif, refusal, shell

MODEL, DATA = IRIS


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "data")


def test_it_writes_a_network_and_a_report_and_says_what_it_found(analysed):
    answer = json.loads((analysed / "answer.json").read_text())
    assert sorted(p.name for p in (analysed / "nif-iris").iterdir()) == [
        "network.json",
        "plotly.min.js",
        "report.html",
    ]
    graph = nx.node_link_graph(json.loads((analysed / "nif-iris/network.json").read_text()), edges="links")
    summary = answer["summary"]
    assert [layer["size"] for layer in summary["layers"]] == [4, 5, 3]
    assert summary["edges_measured"] == graph.number_of_edges() == 35
    assert 0 < summary["edges_kept"] < 35
    assert {s["silent"] for s in summary["silent"]} == {"constant"}
    assert summary["strongest_paths"][0]["names"][0].startswith("petal")
    assert answer["seconds"]["total"] >= answer["seconds"]["estimation"] > 0
    assert left_over(analysed) == ["answer.json", "nif-iris"]


def test_the_same_again_gives_the_same_bytes_under_the_same_id(analysed, tmp_path):
    env = {"OMP_NUM_THREADS": "2", "PYTHONHASHSEED": "7", "LC_ALL": "tr_TR.UTF-8", "TZ": "Europe/Berlin"}
    done = nif(tmp_path, "analyze", *IRIS, "--target", "species", "--json", "--output", "again", env=env)
    assert done.returncode == 0, done.stderr
    first = json.loads((analysed / "answer.json").read_text())
    assert json.loads(done.stdout)["analysis"] == first["analysis"]
    assert (tmp_path / "again/network.json").read_bytes() == (analysed / "nif-iris/network.json").read_bytes()


def test_the_summary_for_people_names_layers_edges_silent_neurons_paths_report_and_times(tmp_path):
    done = nif(tmp_path, "analyze", *IRIS, "--target", "species", "--store", "none")
    assert done.returncode == 0, done.stderr
    for words in (" (4) -> ", "kept of 35 measured", "constant", "strongest paths", "petal_length -> ",
                  f"{tmp_path}/nif-iris/report.html", "estimation"):  # fmt: skip
        assert words in done.stdout
    assert "analysis" not in done.stdout
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--beta", "-1"], "--beta is -1.0; it must be between 0 and 1e6"),
        (["--beta", "nan"], "--beta is 'nan'; it must be a number"),
        (["--beta", "1_0"], "--beta is '1_0'; it must be a number"),
        (["--seed", "0x10"], "--seed is '0x10'; it must be a whole number"),
        (["--seed", "99999999999999999999"], "--seed is"),
        (["--permutations", "1"], "--permutations is 1"),
        (["--alpha", "2"], "--alpha is 2.0"),
        (["--cross-check", "convex"], "choose two different ones"),
        (["--probe", "a", "--probe", "a"], "without repetitions"),
        (["--delimiter", "ab"], "--delimiter is 'ab'"),
        (["--delimiter", ";"], "1 column"),
        (["--target", "nowhere"], "nowhere"),
        (["--format", "parquet", "--delimiter", ";"], "are for CSV"),
        (["--format", "npy"], "npy"),
        (["--parameter", "steps"], "NAME=VALUE"),
        (["--esitmator", "ksg"], "--estimator"),
        (["--estimator", "magic"], "magic"),
        (["--store", "bolt://u:canary@h"], "holds a login"),
        ([], "species"),
    ],
)
def test_what_it_cannot_do_is_refused_in_one_line_and_nothing_is_written(tmp_path, arguments, words):
    line = refusal(nif(tmp_path, "analyze", *IRIS, *arguments))
    assert words in line
    assert "canary" not in line
    assert left_over(tmp_path) == []


def test_a_wrong_cell_is_named_by_row_and_column(tmp_path):
    table = DATA.read_text().splitlines()
    table[7] = table[7].replace(",", ",x", 1)
    (tmp_path / "bad.csv").write_text("\n".join(table) + "\n")
    line = refusal(nif(tmp_path, "analyze", MODEL, "bad.csv", "--target", "species"))
    assert "row 7" in line
    assert "sepal_width" in line


@pytest.mark.parametrize(
    "kind", ["directory", "pipe", "zero", "sparse", "absent", "stdin", "unreadable", "empty"]
)
def test_what_is_no_usable_file_is_refused_at_once(tmp_path, kind):
    path = tmp_path / "model\x1b[31m.onnx"
    names = {"zero": "/dev/zero", "stdin": "-"}
    if kind == "directory":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "sparse":
        with path.open("wb") as file:
            file.truncate(100 << 30)
    elif kind == "empty":
        path.touch()
    elif kind == "unreadable":
        if os.geteuid() == 0:
            pytest.skip("root reads everything")
        path.touch(mode=0)
    began = time.monotonic()
    line = refusal(nif(tmp_path, "analyze", names.get(kind, path), DATA, timeout=20))
    assert time.monotonic() - began < 5
    assert "MODEL" in line
    assert "\x1b" not in line


def test_an_output_with_foreign_files_is_left_alone(tmp_path, output):
    (output / "mine.txt").write_text("mine")
    before = (output / "network.json").stat().st_mtime_ns
    line = refusal(nif(tmp_path, "analyze", *IRIS, "--target", "species"))
    assert "mine.txt" in line
    assert (output / "mine.txt").read_text() == "mine"
    assert (output / "network.json").stat().st_mtime_ns == before
    assert left_over(tmp_path) == ["nif-iris"]


def test_an_output_that_is_a_file_a_link_or_holds_a_strangers_network_json_is_left_alone(tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "strange").mkdir()
    (tmp_path / "strange/network.json").write_text('{"nodes": []}')
    for name, words in (("file", "is a file"), ("link", "symbolic link"), ("strange", "did not make")):
        assert words in refusal(nif(tmp_path, "analyze", *IRIS, "--target", "species", "--output", name))
    assert (tmp_path / "strange/network.json").read_text() == '{"nodes": []}'
    assert left_over(tmp_path) == ["file", "link", "real", "strange"]


def test_an_earlier_output_is_replaced_whole(tmp_path, output):
    (output / "network.json").write_text('{"graph": {"unit": "nats"}, "old": true}')
    done = nif(tmp_path, "analyze", *IRIS, "--target", "species", "--store", "none")
    assert done.returncode == 0, done.stderr
    assert "old" not in (output / "network.json").read_text()[:200]
    assert left_over(tmp_path) == ["nif-iris"]


def test_two_at_once_into_one_folder_leave_one_whole_output(tmp_path, analysed):
    command = [*NIF, "analyze", *IRIS, "--target", "species", "--store", "none"]
    env = environment(tmp_path / "data")
    both = [subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(120) for process in both] == [0, 0]
    assert (tmp_path / "nif-iris/network.json").read_bytes() == (
        analysed / "nif-iris/network.json"
    ).read_bytes()
    assert left_over(tmp_path) == ["nif-iris"]


@pytest.mark.parametrize("seconds", [0.05, 0.4, 1.0, 1.6, 2.2, 3.0])
def test_ctrl_c_at_any_moment_ends_it_with_130_and_leaves_nothing(tmp_path, seconds):
    process = subprocess.Popen(
        [*NIF, "analyze", *IRIS, "--target", "species", "--store", "none", "--permutations", "20000",
         "--estimator", "mine"],
        cwd=tmp_path, env=environment(tmp_path / "data"), stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    time.sleep(seconds)
    family = psutil.Process(process.pid).children(recursive=True)
    began = time.monotonic()
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.05)
    _, words = process.communicate(timeout=15)
    assert time.monotonic() - began < 10
    # Before nif's first line runs, Python itself dies of the signal (a shell calls that 130, too), or says
    # that it could not start.
    before_nif = process.returncode == -signal.SIGINT or "Fatal Python error: init" in words
    assert before_nif or process.returncode == 130
    assert before_nif or "Traceback" not in words
    assert not [child for child in family if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    assert left_over(tmp_path) == []


def test_names_with_any_bytes_are_read_and_shown_escaped(tmp_path):
    name = os.fsdecode(b"-x\n\xff\x1b]0;evil\x07 .onnx")
    (tmp_path / name).write_bytes(MODEL.read_bytes())
    done = nif(
        tmp_path, "analyze", "--target", "species", "--store", "none", "--", name, DATA, env={"LC_ALL": "C"}
    )
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert "\\x1b]0;evil\\x07" in done.stdout


def test_json_stdout_holds_json_only_and_a_terminal_that_goes_away_is_no_crash(tmp_path):
    for command, code in (
        ("nif settings --json | true; exit ${PIPESTATUS[0]}", 141),
        ("nif settings --json >/dev/full", 1),
        ("nif settings --json >&-", 1),
        ("nif --help >/dev/full", 1),
    ):
        done = shell(tmp_path, command)
        assert done.returncode == code, command
        assert "Traceback" not in done.stderr
        assert done.stdout == ""


def test_a_store_that_cannot_be_opened_is_said_before_the_work(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/network.db").write_bytes(b"this is no database" * 100)
    began = time.monotonic()
    line = refusal(nif(tmp_path, "analyze", *IRIS, "--target", "species"))
    assert "store" in line
    assert time.monotonic() - began < 10
    assert left_over(tmp_path) == []


def test_a_missing_extra_is_named_in_one_line(tmp_path):
    (tmp_path / "hide").mkdir()
    (tmp_path / "hide/sitecustomize.py").write_text(
        "import sys\nfor name in ('torch', 'onnxruntime'):\n    sys.modules[name] = None\n"
    )
    env = {"PYTHONPATH": str(tmp_path / "hide")}
    line = refusal(nif(tmp_path, "analyze", *IRIS, "--target", "species", env=env))
    assert "neural-information-flow[estimator]" in line
