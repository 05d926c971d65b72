"""One huge folder of events, counted by several tasks, each its share, and added up.

A share can be counted again at any time: it gives the same bytes. Events must not
change until all of them are done: where they are cut depends on the size of the whole.

DAILYSTATS_DATA names the folder of events, shards and the result (/data), which all
workers of Airflow see. Tried with Airflow 3.3.
"""

import os
import subprocess
from datetime import datetime, timedelta, timezone

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowFailException

DATA = os.environ.get("DAILYSTATS_DATA", "/data")
SHARDS = 8
TOO_MANY_INVALID = 3


def dailystats(*args):
    run = subprocess.run(["dailystats", *args], stderr=subprocess.PIPE, text=True)
    print(run.stderr)  # into the task's log
    if run.returncode == TOO_MANY_INVALID:  # the data's fault: trying again is no use
        raise AirflowFailException("too many invalid events")
    run.check_returncode()  # anything else may go better next time


@dag(
    schedule=None,
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    default_args={"retries": 3, "retry_delay": timedelta(minutes=10)},
)
def sharded_user_stats():
    @task
    def count(shard, run_id=None):
        """Returns the name of the share's result."""
        folder = f"{DATA}/shards/{run_id}"  # of this run alone
        os.makedirs(folder, exist_ok=True)
        share = f"{folder}/{shard}-of-{SHARDS}"
        dailystats(
            f"{DATA}/events/",
            f"--shard={shard}/{SHARDS}",
            f"--output={share}.csv.gz",
            f"--rejects={share}.jsonl",
            f"--report={share}.json",
            "--log-invalid=false",
            "--max-invalid=0.5%",
        )
        return f"{share}.csv.gz"

    @task
    def merge(results):
        dailystats("merge", *results, f"--output={DATA}/stats.csv.gz")

    merge(count.expand(shard=list(range(1, SHARDS + 1))))


sharded_user_stats()
