"""Kit: what operators watch, in Prometheus' words."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Histogram(
    "yueke_request_seconds", "Time to answer, by route", ["method", "route", "status"]
)
SENT = Counter("yueke_events_sent_total", "Events the broker acknowledged")
SEND_ERRORS = Counter(
    "yueke_event_send_errors_total", "Publishes that failed and will be tried again"
)
HEARD = Counter("yueke_events_heard_total", "Events heard, by outcome", ["outcome"])
TIMERS = Counter("yueke_timers_total", "Deadlines acted on, by outcome", ["verb", "outcome"])
OUTBOX_AGE = Gauge("yueke_outbox_age_seconds", "Age of the oldest event not yet sent")
PARKED = Gauge("yueke_parked_messages", "Messages waiting for a person")
EFFECT = Histogram(
    "yueke_commit_to_effect_seconds",
    "From the producer telling an event to its effect being committed here",
    buckets=(0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120),
)
