"""A settlement's state rebuilt from its events alone, each held against the audit log. Pure: events in, state out.

events      what is read
log         the chain of entries, recomputed
registry, metering, billing, payment, disputes, governance
            what each contract's events change
reader      all of them together, and the state that they end in
"""

from appliance.audit.state.events import Event, Misfit
from appliance.audit.state.reader import State, rebuild

__all__ = ["Event", "Misfit", "State", "rebuild"]
