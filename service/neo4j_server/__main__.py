"""`python -m service.neo4j_server`."""

import sys

from service.neo4j_server.run import main

sys.exit(main())
