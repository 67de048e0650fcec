"""Train two income models on Adult that see neither sex nor race, and export them.

    python examples/adult/train.py [--rows N] [--output DIR]

1. Read age, education-num and hours-per-week of `adult_train.csv` as inputs, income as the label.
2. `income.onnx`: 3-8-2, ReLU and softmax, trained to predict income and nothing else.
3. `fair.onnx`: the same weights, trained further with a price on what the output tells of sex: the squared
   distance between the distributions of the score of women and of men (Wasserstein-2 in one dimension: the
   difference of their quantiles). Sex is used in training only; the model still takes three inputs.
4. Export by torch.onnx; the inputs are standardised inside of the model, so that it takes the table as it is.
"""

import argparse
import copy
import csv
import json
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import onnx
import torch

HERE = Path(__file__).parent
INPUTS = ("age", "education-num", "hours-per-week")
CLASSES = ("<=50K", ">50K")
HIDDEN = 8
STEPS, FAIR_STEPS = 400, 400
PRICE = 3.0
SEED = 0


@dataclass(frozen=True)
class People:
    """features: (n, 3); label: (n,) 1 for more than 50K; woman: (n,)."""

    features: torch.Tensor
    label: torch.Tensor
    woman: torch.Tensor


def read(path: Path, rows: int | None) -> People:
    with path.open(newline="") as file:
        table = list(csv.DictReader(file))[:rows]
    return People(
        torch.tensor([[float(row[name]) for name in INPUTS] for row in table]),
        torch.tensor([CLASSES.index(row["income"]) for row in table]),
        torch.tensor([row["sex"] == "Female" for row in table]),
    )


def network(people: People) -> torch.nn.Sequential:
    """Standardising is an affine step before the first: both are one layer to whoever reads the model."""
    torch.manual_seed(SEED)
    standard = torch.nn.Linear(len(INPUTS), len(INPUTS))
    scale = 1 / people.features.std(dim=0)
    with torch.no_grad():
        standard.weight.copy_(torch.diag(scale))
        standard.bias.copy_(-people.features.mean(dim=0) * scale)
    standard.requires_grad_(False)
    return torch.nn.Sequential(
        OrderedDict(
            standard=standard,
            hidden=torch.nn.Linear(len(INPUTS), HIDDEN),
            relu=torch.nn.ReLU(),
            output=torch.nn.Linear(HIDDEN, len(CLASSES)),
        )
    )


def train(model: torch.nn.Sequential, people: People, steps: int, price: float) -> None:
    """price: of one unit of squared distance between the scores of women and men, beside the error."""
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        logits = model(people.features)
        loss = torch.nn.functional.cross_entropy(logits, people.label)
        if price:
            loss = loss + price * distance(logits[:, 1] - logits[:, 0], people.woman)
        loss.backward()
        optimizer.step()


def distance(score: torch.Tensor, woman: torch.Tensor) -> torch.Tensor:
    """Mean squared difference of the quantiles of both groups' scores, at 100 levels."""
    levels = torch.linspace(0.005, 0.995, 100)
    women, men = torch.quantile(score[woman], levels), torch.quantile(score[~woman], levels)
    return ((women - men) ** 2).mean()


def export(model: torch.nn.Sequential, path: Path) -> None:
    whole = torch.nn.Sequential(*copy.deepcopy(model), torch.nn.Softmax(dim=1)).eval()
    rows = torch.export.Dim("rows")
    program = torch.onnx.export(
        whole, (torch.zeros(2, len(INPUTS)),), input_names=["features"], output_names=["probabilities"],
        dynamic_shapes=({0: rows},), dynamo=True, verbose=False,
    )  # fmt: skip
    proto = program.model_proto
    for node in proto.graph.node:  # the exporter notes source files and stack traces of this machine
        del node.metadata_props[:]
        node.doc_string = ""
    for value in [*proto.graph.input, *proto.graph.output]:
        del value.metadata_props[:]
    del proto.graph.metadata_props[:], proto.metadata_props[:], proto.graph.value_info[:]
    named = {"nif.inputs": json.dumps(INPUTS), "nif.outputs": json.dumps(CLASSES)}
    onnx.helper.set_model_props(proto, named)
    onnx.checker.check_model(proto, full_check=True)
    path.write_bytes(proto.SerializeToString(deterministic=True))


def say(name: str, model: torch.nn.Sequential, people: People) -> None:
    with torch.no_grad():
        chosen = model(people.features).argmax(dim=1)
    accuracy = float((chosen == people.label).double().mean())
    women, men = (float((chosen[who] == 1).double().mean()) for who in (people.woman, ~people.woman))
    print(f"{name}: accuracy {accuracy:.4f}; said to earn more: {women:.4f} of women, {men:.4f} of men")


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rows", type=int, help="train on the first rows only")
    arguments.add_argument("--output", type=Path, default=HERE)
    given = arguments.parse_args()
    torch.set_num_threads(1)  # sums in one order: the same weights on every run
    people, others = read(HERE / "adult_train.csv", given.rows), read(HERE / "adult_audit.csv", None)
    model = network(people)
    train(model, people, STEPS, price=0.0)
    say("income.onnx", model, others)
    export(model, given.output / "income.onnx")
    train(model, people, FAIR_STEPS, price=PRICE)
    say("fair.onnx", model, others)
    export(model, given.output / "fair.onnx")


if __name__ == "__main__":
    main()
