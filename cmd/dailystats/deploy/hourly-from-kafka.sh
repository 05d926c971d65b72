#!/bin/sh
# One hour of a topic, by the time stamps of its messages: hourly-from-kafka.sh 2024-01-15T10
#
# Which offsets? None are kept: the hour says which messages are meant, and the same
# hour gives the same file again as long as the topic holds it. So a run can be
# repeated, and no message is counted twice or left out between two hours. Run it
# when the hour's last messages have arrived.
#
# Not run here against a broker.
set -eu
: "${BROKER:=localhost:9092}" "${TOPIC:=events}" "${DATA:=/data}"
hour=${1:?"which hour? such as 2024-01-15T10"}
start=$(date -u -d "$hour:00:00Z" +%s)
end=$((start + 3600))

mkdir -p "$DATA/events" "$DATA/hours"
raw=$DATA/events/$hour.jsonl
trap 'rm -f "$raw.part"' EXIT
# A pipe hides that kcat failed; a file does not.
kcat -C -q -e -b "$BROKER" -t "$TOPIC" -o "s@${start}000" -o "e@${end}000" >"$raw.part"
mv "$raw.part" "$raw"
dailystats "$raw" -o "$DATA/hours/$hour.csv" --log-invalid=false --rejects "$DATA/hours/$hour.rejects.jsonl"
# A day is the sum of its hours:
#   dailystats merge $DATA/hours/2024-01-15T*.csv -o $DATA/stats/2024-01-15.csv.gz
