"""`python -I -m appliance`: the door that the launcher and systemd use."""

import sys

from appliance.cli.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
