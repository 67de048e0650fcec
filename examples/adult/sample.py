"""Draw the two tables of this example from the Adult data as the UCI repository has them.

    python examples/adult/sample.py adult.csv adult_test.csv

Source: Becker, B. and Kohavi, R. (1996). Adult. UCI Machine Learning Repository, doi:10.24432/C5XW20, licence
CC BY 4.0. Both files are the repository's with a header line; the columns used are age, education-num,
hours-per-week, race, sex and income. Real rows, drawn with a seed without replacement, nothing else changed.
"""

import csv
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
COLUMNS = ("age", "education-num", "hours-per-week", "race", "sex", "income")
SEED = 0
TRAIN_ROWS, AUDIT_ROWS = 8_000, 4_000


def sample(source: Path, target: Path, rows: int) -> None:
    with source.open(newline="") as file:
        table = list(csv.DictReader(file))
    drawn = np.sort(np.random.default_rng(SEED).choice(len(table), rows, replace=False))
    with target.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([table[i][column].strip() for column in COLUMNS] for i in drawn)
    print(f"{target.name}: {rows:,} of {len(table):,} rows, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    sample(Path(sys.argv[1]), HERE / "adult_train.csv", TRAIN_ROWS)
    sample(Path(sys.argv[2]), HERE / "adult_audit.csv", AUDIT_ROWS)
