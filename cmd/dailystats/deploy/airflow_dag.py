"""A day's events to a day's statistics, every night.

A run can be repeated and back-filled at any time: the same events give the same
bytes, and a run that fails leaves the file that was there.
"""

import json
import os
import subprocess
from datetime import datetime, timedelta, timezone

from airflow.timetables.interval import CronDataIntervalTimetable

try:
    from airflow.sdk import dag, task
    from airflow.sdk.exceptions import AirflowFailException
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task
    from airflow.exceptions import AirflowFailException

DATA = os.environ.get("DAILYSTATS_DATA", "/data")
TOO_MANY_INVALID = 3


@dag(
    schedule=CronDataIntervalTimetable("10 2 * * *", timezone="UTC"),
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=4,  # days don't depend on each other
    default_args={"retries": 3, "retry_delay": timedelta(minutes=10)},
)
def daily_user_stats():
    @task
    def count(data_interval_start=None):
        """Returns the run's report, which Airflow keeps as an XCom."""
        # The interval starts at 02:10 of the day before; that day is complete by now.
        day = data_interval_start.strftime("%Y-%m-%d")
        report = f"{DATA}/reports/{day}.json"
        run = subprocess.run(
            [
                "dailystats",
                f"{DATA}/events/{day}/",
                f"--output={DATA}/stats/{day}.csv.gz",
                f"--rejects={DATA}/rejects/{day}.jsonl",
                f"--report={report}",
                "--log-invalid=false",
                "--log-format=json",
                "--max-invalid=0.5%",
            ],
            check=False,
        )
        if run.returncode == TOO_MANY_INVALID:
            raise AirflowFailException(f"too many invalid events on {day}: see {DATA}/rejects/{day}.jsonl")
        run.check_returncode()  # anything else may go better next time
        with open(report) as f:
            return json.load(f)

    count()


daily_user_stats()
