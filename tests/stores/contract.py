"""What every store of flow networks must do; a store's test class only opens it.

Needs the fixtures `store` and `second`: two clients of one empty, migrated store. Networks are hand-made or
random, nothing is estimated.
"""

from tests.stores.contract_beta import OtherBetas
from tests.stores.contract_graph import GraphAnswers
from tests.stores.contract_odd import OddNetworks
from tests.stores.contract_pages import Pages
from tests.stores.contract_rows import Rows
from tests.stores.contract_studies import Studies
from tests.stores.contract_whole import WholeOrAbsent


class GraphStoreContract(WholeOrAbsent, Rows, Pages, GraphAnswers, OtherBetas, OddNetworks, Studies):
    """Every test of the contract."""
