"""The statistics of each day (UTC), made in the night after it.

A run can be repeated, and back-filled, at any time: the same events give the same
bytes, and a run that fails leaves the result that was there.

DAILYSTATS_DATA names the folder of events, stats, rejects and reports (/data).
Tried with Airflow 3.3.
"""

import json
import os
import subprocess
from datetime import datetime, timedelta, timezone

from airflow.sdk import CronDataIntervalTimetable, dag, task
from airflow.sdk.exceptions import AirflowFailException

DATA = os.environ.get("DAILYSTATS_DATA", "/data")
TOO_MANY_INVALID = 3


@dag(
    # At 02:10, when the last events of the day before are there: ds is that day, the
    # one on which the run's interval starts.
    schedule=CronDataIntervalTimetable("10 2 * * *", timezone="UTC"),
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=4,  # days don't depend on each other
    default_args={"retries": 3, "retry_delay": timedelta(minutes=10)},
)
def daily_user_stats():
    @task
    def count(ds=None):
        """Returns the run's report, which Airflow keeps as an XCom."""
        rejects, report = f"{DATA}/rejects/{ds}.jsonl", f"{DATA}/reports/{ds}.json"
        run = subprocess.run(
            [
                "dailystats",
                f"{DATA}/events/{ds}/",
                f"--output={DATA}/stats/{ds}.csv.gz",
                f"--rejects={rejects}",
                f"--report={report}",
                "--log-invalid=false",
                "--max-invalid=0.5%",
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        print(run.stderr)  # into the task's log
        if run.returncode == TOO_MANY_INVALID:  # the data's fault: trying again is no use
            raise AirflowFailException(f"too many invalid events on {ds}: see {rejects}")
        run.check_returncode()  # anything else may go better next time
        with open(report) as f:
            return json.load(f)

    count()


daily_user_stats()
