"""Write audit.ipynb from audit.py, whose cells begin with `# %%`: python examples/auditor/make_notebook.py"""

import json
from pathlib import Path

FOLDER = Path(__file__).parent
MARKDOWN = " [markdown]"


def notebook(script: str) -> str:
    """The script as a notebook without outputs, the same text for the same script."""
    cells = []
    for number, part in enumerate(script.split("# %%")[1:]):
        head, _, body = part.partition("\n")
        text = body.strip("\n")
        cell: dict[str, object] = {"cell_type": "code", "execution_count": None, "outputs": []}
        if head == MARKDOWN:
            text = "\n".join(line.removeprefix("#").removeprefix(" ") for line in text.split("\n"))
            cell = {"cell_type": "markdown"}
        cells.append(
            cell | {"id": f"cell-{number}", "metadata": {}, "source": text.splitlines(keepends=True)}
        )
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    made = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    (FOLDER / "audit.ipynb").write_text(
        notebook((FOLDER / "audit.py").read_text(encoding="utf-8")), encoding="utf-8"
    )
